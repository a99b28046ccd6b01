"""Turns whatever went wrong into one of the named errors."""

import errno

from engine.errors import Cancelled, CodefError, DeviceError, InputError, WriteError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


def as_codef_error(error: BaseException) -> CodefError:
    """The error with its exit code and one sentence for a person."""
    if isinstance(error, CodefError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Cancelled()
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return DeviceError(
            "not enough memory; close other programs, use fewer frames or a smaller picture"
        )
    if isinstance(error, OSError):
        return _of_the_system(error)
    return CodefError(
        f"internal error: {type(error).__name__}: {error}; run again with --debug and report what "
        "it prints"
    )


def _of_the_system(error: OSError) -> CodefError:
    file = error.filename if isinstance(error.filename, str) else None
    where = file or "a file"
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return WriteError(f"{where}: the disk is full; make room and run again", file=file)
    if error.errno in _READ_ONLY:
        return WriteError(f"{where}: no permission ({reason}); choose another folder", file=file)
    return InputError(f"{where}: {reason}; check the path and run again", file=file)
