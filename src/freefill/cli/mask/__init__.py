"""freefill mask: group.py lists its commands, files.py has what they share."""
