"""How good a fill is, by a number: one measure a file. What is measured on which pictures: `evaluation/`."""
