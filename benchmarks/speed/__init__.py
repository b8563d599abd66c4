"""Measures ocppkit beside its peers: `python -m speed`, or `make bench` from the root."""
