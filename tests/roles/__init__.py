"""Every action of every version from both ends, in memory: cases from the registry, and a bench to run them on."""
