"""What is known of weights: catalogue.py lists all cards, other files hold parts of it; card.py says what one is."""
