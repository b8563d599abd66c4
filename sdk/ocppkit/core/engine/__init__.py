"""The engine: one OCPP-J connection as a state machine without input, output or clock."""
