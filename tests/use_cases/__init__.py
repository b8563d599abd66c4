"""Which use cases of OCPP functional blocks run, in which version, and by which tests: docs/use-cases.md."""
