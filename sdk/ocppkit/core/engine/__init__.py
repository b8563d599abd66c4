"""The engine: an OCPP-J connection as a state machine, without input, output and clock."""
