"""Who may see and do what: people, their rights, the part of the province that each sees."""
