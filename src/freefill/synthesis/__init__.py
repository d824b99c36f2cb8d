"""Patch synthesis: synthesise.py is the way through, nnf.py the search, vote.py colours, tuning.py constants."""
