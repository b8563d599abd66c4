"""Reads, imports, verifies and changes schema files; only their structure is kept, without texts."""
