"""The program `freefill`: main.py lists the commands, each in a file of its own; options.py has what several share."""
