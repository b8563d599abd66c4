"""A charging session in each version of OCPP, played by `python -m session`."""
