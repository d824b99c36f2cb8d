"""Weights opened: sniff.py tells the kind of file, load.py takes its tensors, recognise.py tells the network."""
