"""Running roles: logs, the supervisor that keeps them up, and the embedded Redis."""
