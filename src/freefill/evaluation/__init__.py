"""Engines measured by the field's protocols: what is drawn on is locked, every measure of every case is kept."""
