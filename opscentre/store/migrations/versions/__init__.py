"""The revisions, ``rNNNN_what_it_does.py``, in one line: each names the one before it."""
