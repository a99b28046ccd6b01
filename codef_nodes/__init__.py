"""The graph: documents, nodes, evaluation, cache and the command line. No Qt anywhere."""

__version__ = "0.1.0"
