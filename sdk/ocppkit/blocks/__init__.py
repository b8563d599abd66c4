"""Functional blocks: charging behaviour as pure state machines, one model for all OCPP versions."""
