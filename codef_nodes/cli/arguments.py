"""The parser of the command line, and the kinds of values that its flags take."""

import argparse
import math
import re
import sys
from typing import Any, NoReturn

from engine.errors import UsageError


class Parser(argparse.ArgumentParser):
    """Raises ``UsageError`` where argparse would leave the process."""

    def __init__(self, **settings: Any) -> None:
        # Shortened flags would make every new flag a risk for the scripts of others.
        super().__init__(allow_abbrev=False, **settings)
        # argparse knows negative numbers only; a range such as -8--5 is a value too.
        self._negative_number_matcher = re.compile(r"-\d")

    def error(self, message: str) -> NoReturn:
        """A wrong argument.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"{message}; see `{self.prog} --help`")


def common(parser: argparse.ArgumentParser) -> None:
    """Flags of every command."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object as the last line"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    parser.add_argument(
        "--debug", action="store_true", help="show where in the program an error came from"
    )


def segment(parser: argparse.ArgumentParser, name: str) -> None:
    """Adds ``--segment``, for commands that write something of each still.

    Args:
        parser: The command's.
        name: What the files of each segment are called.
    """
    parser.add_argument(
        "--segment",
        type=count,
        metavar="N",
        help="of a long shot that was split only this segment's still, from 0, and every frame "
        f"that it reaches; by default that of each, with its own frames: {name}",
    )


def finite(text: str) -> float:
    """A number that is a number.

    Raises:
        argparse.ArgumentTypeError: It is not.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return value


def positive(text: str) -> float:
    """A number above 0.

    Raises:
        argparse.ArgumentTypeError: It is not.
    """
    value = finite(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return value


def count(text: str) -> int:
    """A whole number from 0.

    Raises:
        argparse.ArgumentTypeError: It is not.
    """
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 up")
    return value


def assignment(text: str) -> tuple[str, str]:
    """``NAME=VALUE``.

    Raises:
        argparse.ArgumentTypeError: There is no name or no equals sign.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name.strip(), value


def frame_file(text: str) -> tuple[int, str]:
    """``FRAME=FILE``.

    Raises:
        argparse.ArgumentTypeError: There is no frame number or no file.
    """
    number, equals, path = text.partition("=")
    try:
        frame = int(number)
    except ValueError:
        frame, equals = 0, ""
    if not equals or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form FRAME=FILE")
    return frame, path


def program_name() -> str:
    """How this program was called, for help texts."""
    return "python -m codef_nodes" if sys.argv[:1] and "__main__" in sys.argv[0] else "codef"


def common_clip(parser: argparse.ArgumentParser) -> None:
    """Flags of every command that reads a clip."""
    parser.add_argument(
        "--first",
        type=int,
        metavar="N",
        help="number of the first frame of a movie or of unnumbered files (0)",
    )
    parser.add_argument(
        "--colour-space",
        metavar="NAME",
        help="OCIO colour space of the clip's files; by default the file type decides; raw: none",
    )
    parser.add_argument(
        "--working", metavar="NAME", help="OCIO name of the scene-linear working space"
    )


def frames_to_files(parser: argparse.ArgumentParser, example: str) -> None:
    """Flags of every command that writes a file for each frame of a field.

    Args:
        parser: Of the command.
        example: A name to write to, such as ``out.%04d.exr``.
    """
    parser.add_argument("--frames", metavar="RANGE", help="frames to write, such as 1001-1100x2")
    shown = example.replace("%", "%%")
    parser.add_argument(
        "-o", "--output", required=True, metavar="PATTERN", help=f"files to write: {shown}"
    )


def plates_to_files(parser: argparse.ArgumentParser, example: str) -> None:
    """Those of ``frames_to_files``, and where the fitted clip is to be read from."""
    parser.add_argument("--source", metavar="INPUT", help="the clip, when it is not where it was")
    common_clip(parser)
    frames_to_files(parser, example)
