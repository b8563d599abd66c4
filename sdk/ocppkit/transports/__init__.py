"""Transports: each connects an endpoint to one network library, and knows nothing else of OCPP."""
