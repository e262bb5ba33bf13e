"""``make bench-collectors``: how fast each kind of source is drained, and what many quiet sources cost."""
