"""Masks made complete: recipe.py has the steps in order, a file for each; settings.py every number of theirs."""
