"""``make bench-stream``: the stream worker against a bare consume loop and two Python stream processors."""
