"""Memory that is freed goes back to the system at once."""

import sys

_MMAP_THRESHOLD = -3
_BYTES = 4 << 20


def give_back_freed_memory() -> None:
    """Keeps pictures out of the C library's heap (glibc; elsewhere nothing is to be done).

    glibc raises the size from which memory is mapped for itself up to 32 MiB as a program frees
    such memory. Frames of 1920 x 1080 then live in the heap, between small things that stay, and a
    long render holds gigabytes that nobody uses.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        library.mallopt(_MMAP_THRESHOLD, _BYTES)
