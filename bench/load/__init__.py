"""``make load``: a province's load on a whole installation while each of its parts is killed in turn."""
