"""Checks of names and wording over the whole repository, and the list of files that still break them.

Each check is a function from a source file to findings. `known.toml` lists the findings that are
still there, by check and file. A new finding fails `test_house.py`, and so does an entry that is
no longer needed: the list can only become shorter. `python -m house` shortens it.
"""
