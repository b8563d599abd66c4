"""What several test folders share: pairs of connections, servers, sample schemas, guides as code."""
