"""Where one still cannot explain what the frames show: the finding, its place and its words.

Three signs tell it. The *residual*: what one still gives is not what the frame shows. *Folds*: the
map turns over, because a layer was to be in two places. *Crowds*: parts of a frame that lie apart
land on the same place, so that paint there comes out twice. Before a fit they are looked for in the
flow of a few pairs of frames (``clipmotion``), after it in the field's own maps
(``conflict_after``).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.arrays import Bool

#: Share of a neighbourhood that must be wrong, and its size in places of the small picture.
DENSE, NEAR = 0.35, 9
#: Share of the picture that one piece must fill to be spoken of.
LEAST = 0.01
#: Share of the worst frame's piece from which on another frame shows it, too.
SHOWS = 0.4
#: Share of the piece from which a sign is named.
NAMED = 0.005

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Signs:
    """What is wrong with a frame, each [h, w] over a small picture of it."""

    residual: Bool
    folded: Bool
    crowded: Bool

    @property
    def wrong(self) -> Bool:
        """Any of them."""
        return self.residual | self.folded | self.crowded

    def dense(self) -> Bool | None:
        """The largest piece of the picture in which what is wrong is dense; None without one."""
        import cv2

        share = cv2.blur(self.wrong.astype(np.float32), (NEAR, NEAR), borderType=cv2.BORDER_REFLECT)
        return largest(share > DENSE)


def largest(mask: Bool) -> Bool | None:
    """The largest connected piece of a mask; None where it is empty."""
    import cv2

    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return None
    return np.asarray(labels == 1 + int(np.argmax(boxes[1:, 4])), np.bool_)


def box_of(mask: Bool, wider: float = 0.0) -> Box:
    """Where a mask is, left, top, right and bottom as shares of the picture.

    Args:
        mask: [h, w]; an empty one is everywhere.
        wider: How much more is taken on each side, as a share of its size.
    """
    sides: list[tuple[float, float]] = []
    for axis in (0, 1):
        there = np.flatnonzero(mask.any(axis=axis))
        count = mask.shape[1 - axis]
        first, last = (int(there[0]), int(there[-1]) + 1) if len(there) else (0, count)
        more = wider * (last - first)
        sides.append((max((first - more) / count, 0.0), min((last + more) / count, 1.0)))
    (left, right), (top, bottom) = sides
    return left, top, right, bottom


@dataclass(frozen=True)
class Conflict:
    """A piece of the picture that one still cannot explain.

    Attributes:
        layer: Name of the layer that should explain it; empty before a fit.
        frame: The frame that has it worst.
        first: First frame that shows it, of those that were looked at.
        last: Last one.
        box: Left, top, right and bottom in ``frame``, as shares of the picture, y down.
        share: Share of the picture in ``frame``.
        residual: Share of the piece whose colours one still does not give.
        folded: Share of it where the map turns over.
        crowded: Share of it that lands where another part of the frame does.
        pace: Percent of the width by which it moves a frame against the camera; 0: not known.
    """

    layer: str
    frame: int
    first: int
    last: int
    box: Box
    share: float
    residual: float
    folded: float
    crowded: float
    pace: float = 0.0

    def why(self) -> str:
        """The signs in words, the strongest first."""
        signs = [
            (self.residual, "is not what the still gives"),
            (self.folded, "is folded"),
            (self.crowded, "lands where another part of the frame does"),
        ]
        told = [
            f"{_percent(share)} of it {what}"
            for share, what in sorted(signs, reverse=True)
            if share >= NAMED
        ]
        moves = f"it moves {self.pace:.1f} % of the width a frame against the camera"
        return ", ".join([moves, *told] if self.pace else told)

    def sentence(self) -> str:
        """What a person is told, without a full stop: where, and why it is said."""
        frames = (
            f"frame {self.frame}"
            if self.first == self.last
            else f"frames {self.first}-{self.last} (most in {self.frame})"
        )
        return (
            f"one still {'cannot' if self.layer else 'may not'} explain {_percent(self.share)} of "
            f"the picture in {frames}, {place_words(self.box)}: {self.why()}"
        )

    def as_dict(self) -> dict[str, Any]:
        """The form in a field's report."""
        told = {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }
        box = [round(value, 3) for value in self.box]
        return {**told, "box": box, "sentence": self.sentence()}


def what_next(behind: bool = True) -> str:
    """What a person may do about a finding, without a full stop.

    Args:
        behind: It is about what lies behind all groups, where motion can tell another one.
    """
    if not behind:
        return "mend that group's mask, or give its parts a group each"
    return (
        "give what moves there a group (codef fit --propose-groups FOLDER draws its masks), or "
        "ignore what no still can hold, such as water"
    )


def place_words(box: Box) -> str:
    """Where a box is: in words, and in percent from the bottom left, as artists count."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    down = ("top", "", "bottom")[min(int(3 * y), 2)]
    across = ("left", "", "right")[min(int(3 * x), 2)]
    named = " ".join(each for each in (down, across) if each) or "middle"
    left, right, low, high = (
        round(100 * each) for each in (box[0], box[2], 1 - box[3], 1 - box[1])
    )
    return f"at the {named} (x {left}-{right} %, y {low}-{high} % from the bottom left)"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"


def located(
    frames: Sequence[int],
    signs: Sequence[Signs],
    pieces: Sequence[Bool | None],
    layer: str = "",
    pace: float = 0.0,
) -> Conflict | None:
    """The finding of the frame whose piece is the largest.

    Args:
        frames: Numbers of the frames that were looked at.
        signs: What is wrong with each.
        pieces: The piece of each that is spoken of, [h, w]; None: it shows nothing.
        layer: See ``Conflict``.
        pace: See ``Conflict``.

    Returns:
        None where no piece is worth a word.
    """
    sizes = [0.0 if piece is None else float(piece.mean()) for piece in pieces]
    most = max(range(len(sizes)), key=sizes.__getitem__, default=None)
    piece = None if most is None else pieces[most]
    if most is None or piece is None or sizes[most] < LEAST:
        return None
    showing = [
        frame for frame, size in zip(frames, sizes, strict=True) if size >= SHOWS * sizes[most]
    ]
    rows, columns = (np.flatnonzero(piece.any(axis=axis)) for axis in (1, 0))
    height, width = piece.shape
    return Conflict(
        layer,
        frames[most],
        min(showing),
        max(showing),
        (
            float(columns[0] / width),
            float(rows[0] / height),
            float((columns[-1] + 1) / width),
            float((rows[-1] + 1) / height),
        ),
        sizes[most],
        float(signs[most].residual[piece].mean()),
        float(signs[most].folded[piece].mean()),
        float(signs[most].crowded[piece].mean()),
        pace,
    )
