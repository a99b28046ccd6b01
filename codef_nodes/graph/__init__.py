"""The graph: document, nodes described as data, commands, keys, caches and evaluation. No Qt."""
