"""Named errors. Each says what is wrong, where, and what to do next.

The exit codes are those of the command line: 1 internal, 2 bad usage or an invalid document, edit
or field, 3 a file that cannot be read or written, 4 device or memory, 5 cancelled, 6 some frames
failed.
"""

from pathlib import Path


class CodefError(Exception):
    """Base of all errors that a person may see.

    Args:
        message: One sentence that names the file, frame or node and says what to do next.
        file: The file or folder at fault.
        frame: The frame number at fault, as the files count.
        node: The node at fault; the graph fills it in when the engine could not know.
    """

    code = 1

    def __init__(
        self,
        message: str,
        *,
        file: str | Path | None = None,
        frame: int | None = None,
        node: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = None if file is None else str(file)
        self.frame = frame
        self.node = node

    def __str__(self) -> str:
        if self.node and self.node not in self.message:
            return f"{self.node}: {self.message}"
        return self.message

    def as_dict(self) -> dict[str, object]:
        """The form that ``--json`` prints."""
        return {
            "code": self.code,
            "message": str(self),
            "file": self.file,
            "frame": self.frame,
            "node": self.node,
        }


class UsageError(CodefError):
    """A wrong argument, knob, range or wiring."""

    code = 2


class DocumentError(UsageError):
    """A file that is there but is no valid document."""


class FieldError(UsageError):
    """A folder that is there but is no valid field."""


class EditError(UsageError):
    """An edited picture that cannot be placed on the canonical image."""


class InputError(CodefError):
    """A file or folder that is absent, unreadable or undecodable."""

    code = 3


class MissingFrameError(InputError):
    """A frame that the sequence does not hold."""


class MaskError(InputError):
    """Masks of another size or count than the frames, or all black."""


class WriteError(CodefError):
    """A file that cannot be written: read-only, disk full."""

    code = 3


class DeviceError(CodefError):
    """No such device, or not enough memory."""

    code = 4


class Cancelled(CodefError):  # noqa: N818 - it is no error
    """The person stopped the work."""

    code = 5

    def __init__(self, message: str = "cancelled") -> None:
        super().__init__(message)


class PartialError(CodefError):
    """Some frames failed under ``--continue``; the others are written."""

    code = 6
