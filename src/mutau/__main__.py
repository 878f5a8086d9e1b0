"""``python -m mutau`` is the command line."""

from mutau.cli import main

if __name__ == "__main__":
    main()
