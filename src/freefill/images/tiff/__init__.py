"""TIFF: read.py (8 and 16 bits, float, any numbers) and write.py; tags.py has directories, EXIF's too."""
