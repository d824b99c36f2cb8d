"""What is wrong with one fill, told without its truth: one failure per file, all from one view of hole and rim."""
