"""What somebody may have meant who typed a name that is not there."""

import difflib
from collections.abc import Sequence


def nearest(name: str, names: Sequence[str]) -> str:
    """The end of a sentence: the names that are near, else all of them."""
    if not names:
        return "there are none"
    near = difflib.get_close_matches(name, names, 3, 0.5)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"there are {shown}"
