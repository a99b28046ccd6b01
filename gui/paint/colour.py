"""Colours between the screen and the picture: picked as seen, stored scene-linear. Qt-free."""

RGB = tuple[float, float, float]


def clipped(shown: RGB) -> RGB:
    """A colour of the screen within what it can show."""
    red, green, blue = (min(max(value, 0.0), 1.0) if value == value else 0.0 for value in shown)
    return red, green, blue


def exposed(linear: RGB, stops: float) -> RGB:
    """A scene-linear colour brighter by so many stops."""
    red, green, blue = (round(value * 2.0**stops, 6) for value in linear)
    return red, green, blue


def number(value: float) -> str:
    """A linear number as the fields show it: four digits that count."""
    text = f"{value:.4g}"
    return "0" if text in ("-0", "0") else text


class Recent:
    """The colours used last, newest first, each once.

    Args:
        count: How many are kept.
    """

    def __init__(self, count: int = 12) -> None:
        self.colours: list[RGB] = []
        self._count = count

    def use(self, colour: RGB) -> bool:
        """Puts a colour first; returns whether the list is another one."""
        known = [c for c in self.colours if not _alike(c, colour)]
        after = [colour, *known][: self._count]
        changed = after != self.colours
        self.colours = after
        return changed


def _alike(one: RGB, other: RGB) -> bool:
    return all(abs(a - b) <= 1e-4 * max(1.0, abs(a)) for a, b in zip(one, other, strict=True))
