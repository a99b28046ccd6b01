"""Kernels for NVIDIA cards in Triton; nothing here is imported before a card is there to use it.

Each module holds kernels and, below them, what launches them as one step of a torch graph. What
they must agree with is stated plainly in ``engine.kernels.backends.plain``.
"""

MODULES = tuple(
    f"{__name__}.{name}"
    for name in (
        "hash_encode",
        "network",
        "lattice",
        "sample",
        "adam",
        "register",
        "solve",
        "read",
        "merge",
    )
)
