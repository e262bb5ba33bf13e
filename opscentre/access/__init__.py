"""Who may see and do what, and the log of who did: people, rights, the part of the province that each sees."""
