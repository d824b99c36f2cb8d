"""JPEG: file.py reads and writes; kept.py carries untouched blocks over, blocks.py has their coefficients."""
