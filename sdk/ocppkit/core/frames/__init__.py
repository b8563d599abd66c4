"""Frames: the JSON arrays of OCPP-J around a payload, and their limits."""
