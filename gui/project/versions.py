"""Versions in file names: ``shot_v003.codef``."""

import re
from pathlib import Path

_VERSION = re.compile(r"(?P<stem>.*?[._-]?[vV])(?P<number>\d+)(?P<rest>\D*)")


def next_version(path: Path) -> Path:
    """The next version of a file name that no file has yet.

    The number after the last ``v`` is counted up and keeps its width; a name without one gets
    ``_v002``, since the file that is there is the first.
    """
    found = _VERSION.fullmatch(path.stem)
    if found is None:
        stem, number, width, rest = f"{path.stem}_v", 1, 3, ""
    else:
        stem, rest = found["stem"], found["rest"]
        number, width = int(found["number"]), len(found["number"])
    while True:
        number += 1
        candidate = path.with_name(f"{stem}{number:0{width}d}{rest}{path.suffix}")
        if not candidate.exists():
            return candidate
