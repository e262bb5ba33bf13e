"""Who hears of what, and when: rules over the truth in SQL, a pipeline of small stages, mails and their delivery."""
