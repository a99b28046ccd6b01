"""The command line: thin modules that call what the nodes call."""
