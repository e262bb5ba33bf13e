"""The stream role: the Faust app, the driver of the fold, the writers to SQL and Redis."""
