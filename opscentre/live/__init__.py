"""The live board in Redis: its keys, its writer, its reader. A cache: everything here can be rebuilt."""
