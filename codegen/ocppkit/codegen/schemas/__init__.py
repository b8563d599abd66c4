"""Schemas as files: read, derived to their structure, locked, verified, corrected and patched."""
