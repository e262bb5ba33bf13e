"""The administration pages: plain pages that work without script, one module each, one line in ``pages.py``."""
