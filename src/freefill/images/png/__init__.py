"""PNG: read.py and write.py chunk by chunk; beside.py says what becomes of the chunks that are no pixels."""
