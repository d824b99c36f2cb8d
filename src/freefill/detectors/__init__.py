"""Masks made by networks: source.py turns a word into a mask, and asks one file for each kind of thing.

people.py      persons; what makes sure of one: candidates.py, body.py, joints.py, sureness.py, leaks.py
text.py        text; glyphs.py its strokes, living.py what only looks like text
salient.py     the thing that stands out                      marked.py, sam.py     what a user marks
at_mask.py     what is seen near a mask, which refining.py hands to masks/refining
session.py     how networks are run                           needs.py              what they need on this machine
"""
