"""Converts payloads from JSON to typed messages and back, strictly or with repairs."""
