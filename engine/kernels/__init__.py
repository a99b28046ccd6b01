"""Compiled loops (numba) beside their plain torch references."""
