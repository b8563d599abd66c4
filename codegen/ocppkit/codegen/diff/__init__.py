"""Comparison of two sets of schemas: what changed, and whom each change breaks."""
