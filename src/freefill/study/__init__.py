"""The study: how much of what goes wrong is the mask, and how much the fill. One command, one page."""
