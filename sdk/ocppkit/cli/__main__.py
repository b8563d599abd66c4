"""Lets `python -m ocppkit.cli` run the command where no `ocppkit` script is on the path."""

from . import main

if __name__ == "__main__":
    main()
