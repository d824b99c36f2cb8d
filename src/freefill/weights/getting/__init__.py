"""Weights fetched: fetch.py, from an address (download.py) or out of a package (packages.py)."""
