"""What fills a hole: registry.py lists the engines, engine.py says what one is; conventions of others end here."""
