"""Helpers that several test folders use: pairs of connections, servers, sample schemas, code of guides."""
