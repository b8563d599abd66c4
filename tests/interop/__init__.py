"""Sessions with other implementations over real sockets: who they are, and how they are secured."""
