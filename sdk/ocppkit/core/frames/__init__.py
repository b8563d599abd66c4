"""The frames of OCPP-J, JSON arrays around a payload, and their limits."""
