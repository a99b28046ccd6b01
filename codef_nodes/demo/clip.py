"""The demonstration's clip alone: ``python -m codef_nodes.demo.clip FOLDER``.

The window runs it beside itself. Each line of output is one JSON object: ``{"fraction"}`` while it
works, ``{"name", "pattern"}`` at the end.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from codef_nodes.demo.footage import prepare
from engine.errors import CodefError
from engine.progress import Progress, Task


def say(told: dict[str, object]) -> None:
    """One line, at once."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Puts the clip into the folder and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m codef_nodes.demo.clip", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--offline", action="store_true", help="render it, fetch nothing")
    options = parser.parse_args(argv)

    def hear(progress: Progress) -> None:
        say({"fraction": round(progress.fraction, 3)})

    try:
        footage, _ = prepare(options.folder, Task(hear), offline=options.offline)
    except CodefError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}; make room or free its rights\n")
        return 3
    say({"name": footage.name, "pattern": str(footage.pattern)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
