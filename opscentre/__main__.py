"""``python -m opscentre``: the same command as ``opscentre``."""

from opscentre.cli import main

if __name__ == "__main__":
    main()
