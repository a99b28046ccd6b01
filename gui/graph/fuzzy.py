"""How well a few typed letters fit a name. No Qt."""

from collections.abc import Sequence


def score(typed: str, text: str) -> float | None:
    """How well letters fit a text, higher is better; None: they do not.

    The letters must come in this order. Letters at the start of words and runs of letters count
    more, so that ``ls`` finds *Load sequence* and ``mer`` finds *Merge* before *Timer*.
    """
    wanted = [letter for letter in typed.casefold() if not letter.isspace()]
    if not wanted:
        return 0.0
    lowered = text.casefold()
    if len(lowered) != len(text):  # a few letters grow when they are folded
        text = lowered
    starts = {
        place
        for place, letter in enumerate(text)
        if letter.isalnum()
        and (
            place == 0
            or not text[place - 1].isalnum()
            or (letter.isupper() and not text[place - 1].isupper())
        )
    }
    best: float | None = None
    for first in [place for place, letter in enumerate(lowered) if letter == wanted[0]]:
        found = _from(wanted, lowered, starts, first)
        if found is not None and (best is None or found > best):
            best = found
    if best is None:
        return None
    if lowered.startswith("".join(wanted)):
        best += 4.0 if len(lowered) > len(wanted) else 7.0
    return best - 0.02 * len(text)


def _from(wanted: Sequence[str], text: str, starts: set[int], first: int) -> float | None:
    total, last = 0.0, first - 1
    for place, letter in enumerate(wanted):
        if place == 0:
            at = first
        else:
            near = text.find(letter, last + 1)
            if near < 0:
                return None
            word = next((s for s in sorted(starts) if s > last and text[s] == letter), None)
            at = near if near == last + 1 or word is None else word
        total += 1.0
        if at in starts:
            total += 2.0
        if place and at == last + 1:
            total += 1.5
        last = at
    return total


def best_of(typed: str, names: Sequence[str]) -> float | None:
    """The best fit among several names of one thing; the first name counts a little more."""
    scores = [
        found - (0.3 if place else 0.0)
        for place, name in enumerate(names)
        if (found := score(typed, name)) is not None
    ]
    return max(scores) if scores else None
