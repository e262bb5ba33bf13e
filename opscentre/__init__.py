"""What every role shares: the rules (domain), SQL (store), Redis (live), the pipe, settings and the CLI."""

__version__ = "0.1.0"
