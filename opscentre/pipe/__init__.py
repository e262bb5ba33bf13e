"""The pipe between collectors and the stream: Kafka, or an append-only log in one SQLite file."""
