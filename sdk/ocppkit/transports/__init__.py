"""Transports: each carries frames over one network library, and knows nothing else of OCPP."""
