"""The real parts that tests run against, and how each is found, started, killed and started again."""
