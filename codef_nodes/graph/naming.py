"""Errors get the name of the node that they happened in."""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import Cancelled, CodefError, DeviceError


@contextmanager
def naming(node: str) -> Iterator[None]:
    """Gives errors the name of a node; wraps what is no error of ours.

    Raises:
        CodefError: With the node and, for what nobody thought of, the cause.
    """
    try:
        yield
    except Cancelled:
        raise
    except CodefError as error:
        if error.node is None:
            error.node = node
        raise
    except MemoryError as error:
        raise DeviceError(
            f"{node} needs more memory than there is; use smaller frames or fewer at once",
            node=node,
        ) from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise CodefError(
            f"{node} failed unexpectedly ({reason}); please report this", node=node
        ) from error
