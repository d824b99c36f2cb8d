"""EXIF, XMP, IPTC: what goes along with a picture, cleaned of previews that show it as it was."""
