"""Training our networks: loop.py is the loop, a `_task.py` what is trained, options.py every option of a run."""
