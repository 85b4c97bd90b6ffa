"""Runs the command line: `python -m listrak_sync`."""

from listrak_sync.cli import main

if __name__ == "__main__":
    main()
