"""Mails that came back: read from a mailbox, matched to what was sent, and told where an address fails for good."""
