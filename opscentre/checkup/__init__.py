"""What ``opscentre check`` looks at before an installation runs, and while it does. Nothing here changes anything."""
