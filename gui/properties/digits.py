"""Numbers as people read them, and the step of the digit at the caret."""

import re
from decimal import Decimal, InvalidOperation

_PLAIN = re.compile(r"[-+]?\d*\.?\d*")


def written(value: float | int | None) -> str:
    """A number for a field: as short as it can be with seven significant digits.

    Args:
        value: The number, or None for an empty field.
    """
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = f"{value:.7g}"
    if "e" in text and 1e-7 <= abs(value) < 1e15:
        text = format(Decimal(text), "f")
    return "0" if text == "-0" else text


def stepped(text: str, caret: int, up: bool, whole: bool = False) -> tuple[str, int] | None:
    """The text with the digit left of the caret one higher or lower, carrying over.

    A caret before the first digit counts as standing behind it. The caret comes back at the same
    digit, so that the key can be held.

    Args:
        text: A plain decimal number.
        caret: Position of the caret in it.
        up: Higher, else lower.
        whole: The number has no fraction.

    Returns:
        The new text and caret, or None where the text is no plain number.
    """
    text = text or "0"
    if not _PLAIN.fullmatch(text):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    point = text.find(".")
    point = len(text) if point < 0 else point
    first = 1 if text[:1] in "-+" else 0
    caret = max(caret, first + 1)
    # Behind the point itself stands the digit before it.
    place = point - caret if caret <= point else min(point + 1 - caret, 0)
    if whole:
        place = max(place, 0)
    step = Decimal(1).scaleb(place)
    number += step if up else -step
    decimals = max(len(text) - point - 1, -place, 0)
    result = f"{number:.{decimals}f}"
    if Decimal(result) == 0:
        result = result.lstrip("-")
    sign, digits = ("-", result[1:]) if result[:1] == "-" else ("", result)
    # A digit that became a leading zero stays, or the next step would move another one.
    missing = place + 1 - len(digits.split(".")[0])
    result = sign + "0" * missing + digits
    new_point = result.find(".")
    new_point = len(result) if new_point < 0 else new_point
    moved = new_point - place if place >= 0 else new_point + 1 - place
    return result, min(max(moved, 0), len(result))
