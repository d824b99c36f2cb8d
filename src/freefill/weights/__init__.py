"""Files of weights: the only room that opens one. store.py is the door.

cards/      what is known of each: source, hash, licence      locate.py    where one lies, and whether it can be trusted
getting/    fetching, only when asked for                     folder.py    the files here, and a record beside each
opening/    told by its keys, opened as tensors only          packaged/    those that come with freefill
"""
