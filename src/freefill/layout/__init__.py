"""What crosses a hole, told without a network: make.py is the way through; ends, lines, repeats, one file each."""
