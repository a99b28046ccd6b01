"""Soft edges for hard masks, found by unmixing.

A hard mask says of every pixel that it shows one group wholly, but along its edge lens, motion and
sensor mixed two. Drawn by such a mask the edge is a stair of wrong colours: in half a percent of
the picture lies a tenth of the whole error. Once the motion and the stills are known, so are both
colours of a mixed pixel, and its share follows from the pixel itself: the compositing equation of
Porter and Duff (1984) with only the share unknown, solved by least squares (Smith and Blinn 1996).
The mask is the prior, the more so away from its edge and where both colours are alike. Soft masks
stay as they were given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, U8, Bool
from engine.colour.encoding import decode, encode
from engine.fields.field import Canonical, Field, Layer, Masks, Part
from engine.fit.canvas import fill_holes
from engine.io.picture import Window
from engine.warp.render import bounds
from engine.warp.sheet import sheet_of

#: Soft pixels per pixel of contour up to which a mask is hard, and frames that are asked.
SOFT, ASKED = 0.2, 8
#: Pixels from the edge that may be mixed, and from which the mask is believed clearly more, both of
#: a picture of ``LINES`` lines.
REACH, BELIEVED, LINES = 3.5, 2.0, 480
#: Squared encoded difference of two colours, summed over the channels, that counts as much as the
#: mask does at its edge.
TRUST = 0.007
#: Blur of the mask, in such pixels, that is the best guess where the colours tell nothing.
GUESS = 0.6
#: Coverage from which the colour of a layer is known.
KNOWN = 0.99
#: Step over which the slope of the encoding is taken.
STEP = 1e-3


class Unmixer:
    """Finds the soft edges of a field's hard masks, frame by frame.

    Args:
        field: The field; gets masks of its own, and stills that go on as far as soft edges reach.
        layers: Layers whose stills may be changed; None: all.

    Attributes:
        groups: Numbers of the masks that are hard.
    """

    def __init__(self, field: Field, layers: Sequence[int] | None = None) -> None:
        self._field, given = field, field.masks
        below = range(min(given.count, len(field.layers) - 1))
        self.groups = [k for k in below if _is_hard(given, k)]
        if not self.groups:
            return
        self._size = max(1.0, field.height / LINES)
        field.masks = Masks(given.height, given.width, [list(s) for s in given.streams], given)
        for k, layer in enumerate(field.layers):
            if layers is None or k in layers:
                layer.canonical = grown(layer.canonical, int(np.ceil(REACH * self._size)) + 1)

    def find(self, index: int, look: Callable[[Part], F32]) -> None:
        """Softens the masks of one frame.

        Args:
            index: Position of the frame.
            look: Rows and columns of the data window to their colours [h, w, 3], scene-linear.
        """
        masks = self._field.masks
        for k in self.groups:
            edge = _Edge.of(masks.given.mask(k, index), self._size)
            if edge is None:
                continue
            below = self._below(k, index, edge)
            if not edge.asked.any():
                continue
            front = self._colours(self._field.layers[k], index, edge)
            share = _share(look(edge.part)[edge.asked], front, below, edge)
            mask = masks.mask(k, index).copy()
            mask[edge.part][edge.asked] = np.rint(share * 255)
            masks.streams[k][index] = Masks.pack(mask)

    def _below(self, k: int, index: int, edge: "_Edge") -> F32:
        """What lies behind group ``k``, [N, 4]; forgets pixels that a group in front has a part of.

        Behind a group its mask decides nothing, so the shares of the others are taken without it.
        """
        field = self._field
        hidden = np.zeros(edge.asked.shape, np.bool_)
        for front in range(k):
            hidden |= field.masks.mask(front, index)[edge.part] > 0
        if field.ignored is not None:
            hidden |= field.ignored.mask(0, index)[edge.part] > 0
        edge.asked &= ~hidden
        total = np.zeros((int(np.count_nonzero(edge.asked)), 4), np.float32)
        left = np.ones(len(total), np.float32)
        for j in range(k + 1, len(field.layers)):
            share = left
            if j < field.masks.count and j < len(field.layers) - 1:
                own = field.masks.mask(j, index)[edge.part][edge.asked]
                share = np.asarray(left * (own / np.float32(255)), np.float32)
            left = left - share
            if share.any():
                total += share[:, None] * self._colours(field.layers[j], index, edge)
        return total

    def _colours(self, layer: Layer, index: int, edge: "_Edge") -> F32:
        """What a layer shows at the pixels that are asked, [N, 4], scene-linear."""
        rows, columns = np.nonzero(edge.asked)
        corner = edge.part[1].start + self._field.data.x0, edge.part[0].start + self._field.data.y0
        points = np.stack([columns, rows], axis=-1) + np.asarray(corner) + 0.5
        places = layer.deformation.at(index, points.astype(np.float32))
        return sheet_of(layer.canonical).read(places, footprint=False)


@dataclass
class _Edge:
    """The surroundings of the edge of one mask.

    Attributes:
        part: Rows and columns that hold them.
        asked: Pixels that may be mixed, [h, w].
        guess: Share that the mask itself suggests, [h, w].
        trust: What the guess counts, [h, w].
    """

    part: Part
    asked: Bool
    guess: F32
    trust: F32

    @classmethod
    def of(cls, mask: U8, size: float) -> "_Edge | None":
        """The edge of a mask [H, W] in pictures ``size`` times as large as usual; None without."""
        import cv2

        inside = (mask > 127).astype(np.uint8)
        brush = np.ones((2 * int(np.ceil(REACH * size)) + 1,) * 2, np.uint8)
        part = bounds(cv2.dilate(inside, brush) != cv2.erode(inside, brush))
        if part is None:
            return None
        inside = np.ascontiguousarray(inside[part])
        far = np.maximum(
            cv2.distanceTransform(inside, cv2.DIST_L2, 5),
            cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5),
        )
        far = np.asarray(far - 0.5, np.float32) / np.float32(size)
        guess = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), GUESS * size)
        trust = np.float32(TRUST) * (1 + (far / np.float32(BELIEVED)) ** 4)
        return cls(part, far <= REACH, np.asarray(guess, np.float32), trust)


def grown(canonical: Canonical, reach: int) -> Canonical:
    """A still that goes on smoothly ``reach`` canonical pixels beyond what it covers."""
    import cv2

    room = reach * canonical.scale
    pixels = np.pad(canonical.pixels, ((room, room), (room, room), (0, 0)))
    covered = np.asarray(pixels[..., 3] > KNOWN, np.bool_)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * room + 1, 2 * room + 1))
    added = (cv2.dilate(covered.astype(np.uint8), brush) > 0) & ~covered & (pixels[..., 3] == 0)
    colours = decode(fill_holes(encode(pixels[..., :3]), covered))
    # Half is what the file will hold.
    pixels[added, :3] = colours[added].astype(np.float16)
    pixels[added, 3] = 1
    data = canonical.data
    window = Window(data.x0 - reach, data.y0 - reach, data.x1 + reach, data.y1 + reach)
    return Canonical(pixels, window, canonical.scale)


def _is_hard(masks: Masks, group: int) -> bool:
    """Whether a mask has no soft edge of its own."""
    import cv2

    frames = np.unique(np.linspace(0, len(masks.streams[group]) - 1, ASKED).astype(np.intp))
    soft = contour = 0
    for index in frames.tolist():
        mask = masks.mask(group, index)
        inside = (mask > 127).astype(np.uint8)
        soft += int(np.count_nonzero((mask > 0) & (mask < 255)))
        contour += int(np.count_nonzero(cv2.dilate(inside, np.ones((3, 3), np.uint8)) - inside))
    return contour > 0 and soft <= SOFT * contour


def _share(truth: F32, front: F32, below: F32, edge: _Edge) -> F32:
    """Least-squares share of ``front`` in ``truth``, [N]; the guess where a colour is unknown."""
    guess, trust = edge.guess[edge.asked], edge.trust[edge.asked]
    known = np.isfinite(truth).all(axis=1)
    known &= np.minimum(front[:, 3], below[:, 3]) > KNOWN
    # Light is mixed before it is encoded; the error that is seen is one of encoded colours.
    slope = (encode(truth + STEP) - encode(truth - STEP)) / (2 * STEP)
    apart = slope * (front[:, :3] - below[:, :3])
    seen = slope * (truth - below[:, :3])
    share = ((apart * seen).sum(axis=1) + trust * guess) / (np.square(apart).sum(axis=1) + trust)
    return np.asarray(np.clip(np.where(known, share, guess), 0, 1), np.float32)
