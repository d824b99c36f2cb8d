"""DeepFillv2 on a processor, in a part of the time: hole_generator.py is the way through."""
