"""The truth: SQL tables and the few statements that read and write them."""
