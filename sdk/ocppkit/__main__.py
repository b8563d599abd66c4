"""Lets `python -m ocppkit` run the command line."""

from ocppkit.cli import main

if __name__ == "__main__":
    main()
