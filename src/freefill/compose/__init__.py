"""From a mask to windows, from fills to a picture: fit.py decides windows, canvas.py cuts crops and pastes fills."""
