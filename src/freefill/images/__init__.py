"""Picture files: read.py opens any of them, write.py writes them, a room or a file for each kind does the work.

jpeg/  png/  tiff/     read and written here, so that what is not filled stays bit for bit (16 bits: tiff/read.py)
by_pillow.py           WebP, BMP, GIF, AVIF and HEIC; heic.py what Pillow lacks of the last two
metadata/              EXIF, XMP and others, without anything that shows the picture as it was
depth.py  profile.py   8 and 16 bits and float; ICC profiles
cmyk.py  palette.py    inks and numbered colours, kept where nothing is filled
arrays.py  modes.py    pictures from arrays and Pillow images
budget.py  damage.py   what a broken or hostile file may cost, and how it is told
"""
