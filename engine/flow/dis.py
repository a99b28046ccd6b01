"""Optical flow between neighbouring frames by OpenCV's DIS, in both directions."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.colour.encoding import encode
from engine.errors import InputError, MissingFrameError, UsageError
from engine.flow.confidence import confidence_of
from engine.flow.pair import FlowPair

PRESETS = ("ultrafast", "fast", "medium", "fine", "sketch", "patches")

#: DIS fails or sees too little below this size; smaller frames are enlarged (at most this many
#: times) and padded.
SMALLEST, ENLARGE = 64, 8

#: Encoded luma above the knee is compressed so that highlights up to any value keep their order.
KNEE = 0.85

#: Flow in both directions between two frames, with the confidence of each.
Link = tuple[F32, F32, F32, F32]


def grey8(picture: AnyArray) -> U8:
    """The 8-bit luma that flow is computed on.

    Rec.709 luminance, perceptually encoded. A fixed curve, the same for every frame, so
    that brightness stays comparable: up to 0.85 as it is, above it approaching 255 smoothly, so
    that HDR highlights keep some detail; negative and NaN become 0.

    Args:
        picture: Scene-linear float [H, W, C]; with C of 1 or 2 the first channel is luma.

    Returns:
        uint8 [H, W].
    """
    colour = np.asarray(picture, np.float32)[..., :3]
    colour = np.clip(np.nan_to_num(colour, nan=0.0, posinf=6e4, neginf=0.0), 0.0, 6e4)
    if colour.shape[2] == 3:
        light = colour @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    else:
        light = colour[..., 0]
    return _eight_bits(light)


def colour8(picture: AnyArray) -> U8:
    """The 8-bit colours that learned matchers look at, by the curve of ``grey8`` per channel.

    Args:
        picture: Scene-linear float [H, W, C]; with C of 1 or 2 the first channel is grey.

    Returns:
        uint8 [H, W, 3].
    """
    colour = np.asarray(picture, np.float32)[..., :3]
    colour = np.clip(np.nan_to_num(colour, nan=0.0, posinf=6e4, neginf=0.0), 0.0, 6e4)
    if colour.shape[2] < 3:
        colour = np.repeat(colour[..., :1], 3, axis=2)
    return _eight_bits(colour)


def _eight_bits(light: F32) -> U8:
    luma = encode(light)
    room = 1 - KNEE
    above = np.maximum(luma - KNEE, 0)
    curved = np.minimum(luma, KNEE) + room * (1 - np.exp(-above / room))
    return np.asarray(np.rint(np.clip(curved, 0, 1) * 255), np.uint8)


def _refiner() -> Any:
    """DIS that trusts the flow it starts from: no search from afar, down to single pixels."""
    matcher = _matcher("medium")
    matcher.setCoarsestScale(3)
    matcher.setFinestScale(0)
    return matcher


def _matcher(preset: str) -> Any:
    import cv2

    if preset not in PRESETS:
        raise UsageError(f"no flow preset {preset!r}; choose one of {', '.join(PRESETS)}")
    base = preset.upper() if preset in ("ultrafast", "fast") else "MEDIUM"
    matcher = cv2.DISOpticalFlow.create(getattr(cv2, f"DISOPTICAL_FLOW_PRESET_{base}"))
    if preset == "fine":
        matcher.setFinestScale(0)
        matcher.setPatchStride(3)
        matcher.setGradientDescentIterations(25)
    elif preset in ("sketch", "patches"):
        matcher.setFinestScale(0 if preset == "patches" else 1)
        matcher.setPatchStride(4)
        matcher.setVariationalRefinementIterations(0)
    return matcher


def dis_flow(grey_a: U8, grey_b: U8, preset: str = "medium", start: F32 | None = None) -> F32:
    """Flow from one grey picture to another.

    Convention: ``flow[i, j] = (dx, dy)`` in pixels, x right, y down; the content of pixel (j, i)
    of ``grey_a`` is at (j + dx, i + dy) in ``grey_b``. Any size from 1 x 1: frames below 64 pixels
    are enlarged and padded for the search. Repeats exactly with the same number of OpenCV
    threads.

    Args:
        grey_a: uint8 [H, W].
        grey_b: uint8 [H, W].
        preset: ``ultrafast``, ``fast``, ``medium`` or ``fine`` (down to single pixels, about four
            times slower than ``medium``), and without the final smoothing, for who averages the
            flow anyway: ``sketch`` (a quarter of the time of ``medium``) and ``patches`` (as exact
            as ``fine``, a third of its time).
        start: Flow [H, W, 2] to refine below a pixel, right to within about ten pixels; the
            preset then does not matter. None to search.

    Returns:
        float32 [H, W, 2].

    Raises:
        InputError: The pictures or the start differ in size or are empty.
        UsageError: Unknown preset.
    """
    import cv2

    if grey_a.shape != grey_b.shape or grey_a.ndim != 2 or 0 in grey_a.shape:
        raise InputError(
            "flow needs two grey pictures of one size, not "
            f"{list(grey_a.shape)} and {list(grey_b.shape)}"
        )
    if start is not None and start.shape != (*grey_a.shape, 2):
        raise InputError(
            f"the flow to start from must have the pictures' size {list(grey_a.shape)}, not "
            f"{list(start.shape)}"
        )
    matcher = _matcher(preset) if start is None else _refiner()
    height, width = grey_a.shape
    scale = min(ENLARGE, max(1, -(-SMALLEST // min(height, width))))
    pictures = [np.ascontiguousarray(grey, np.uint8) for grey in (grey_a, grey_b)]
    if scale > 1:
        size = (width * scale, height * scale)
        pictures = [cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC) for grey in pictures]
    below, right = max(0, SMALLEST - height * scale), max(0, SMALLEST - width * scale)
    if below or right:
        pictures = [
            cv2.copyMakeBorder(grey, 0, below, 0, right, cv2.BORDER_REPLICATE) for grey in pictures
        ]
    if start is not None:
        # calc writes into what it is given.
        size = (width * scale, height * scale)
        start = np.asarray(
            cv2.resize(start, size, interpolation=cv2.INTER_LINEAR) * scale, np.float32
        )
        start = cv2.copyMakeBorder(start, 0, below, 0, right, cv2.BORDER_REPLICATE)
    flow = matcher.calc(pictures[0], pictures[1], start)[: height * scale, : width * scale]
    if scale > 1:
        flow = cv2.resize(flow, (width, height), interpolation=cv2.INTER_AREA) / scale
    return np.ascontiguousarray(flow, np.float32).reshape(height, width, 2)


def link_flow(grey_a: U8, grey_b: U8, preset: str = "medium") -> Link:
    """Flow a to b with its confidence, then b to a with its confidence.

    Args:
        grey_a: uint8 [H, W].
        grey_b: uint8 [H, W].
        preset: As for ``dis_flow``.

    Returns:
        ``(there, there_confidence, back, back_confidence)``, [H, W, 2] and [H, W] in turn.
    """
    there, back = dis_flow(grey_a, grey_b, preset), dis_flow(grey_b, grey_a, preset)
    return there, confidence_of(there, back), back, confidence_of(back, there)


def _pair(frame: int, following: Link | None, preceding: Link | None) -> FlowPair:
    return FlowPair(
        frame,
        None if following is None else following[0],
        None if following is None else following[1],
        None if preceding is None else preceding[2],
        None if preceding is None else preceding[3],
    )


def flow_pair(
    frame: int,
    grey: U8,
    grey_next: U8 | None,
    grey_previous: U8 | None,
    preset: str = "medium",
) -> FlowPair:
    """Flow of one frame to both neighbours, with confidences.

    Use ``PairwiseFlow`` for more than one frame: it computes each link only once.

    Args:
        frame: Frame number of the files.
        grey: uint8 [H, W] of the frame.
        grey_next: The next frame, or None at the end.
        grey_previous: The previous frame, or None at the start.
        preset: As for ``dis_flow``.

    Returns:
        The flows, see ``FlowPair``.
    """
    following = None if grey_next is None else link_flow(grey, grey_next, preset)
    preceding = None if grey_previous is None else link_flow(grey_previous, grey, preset)
    return _pair(frame, following, preceding)


class PairwiseFlow:
    """Flow of a clip's frames, each link between neighbours computed once in sequential use.

    Thread-safe; two threads that ask at once wait for each other.

    Args:
        frames: Frame numbers, ascending.
        grey: Frame number to uint8 [H, W].
        preset: As for ``dis_flow``.
        keep: Number of links held in memory.
    """

    def __init__(
        self,
        frames: Sequence[int],
        grey: Callable[[int], U8],
        preset: str = "medium",
        keep: int = 3,
    ) -> None:
        self._frames = tuple(frames)
        self._place = {frame: i for i, frame in enumerate(self._frames)}
        self._grey, self._preset, self._keep = grey, preset, max(keep, 2)
        self._links: OrderedDict[int, Link] = OrderedDict()
        self._greys: OrderedDict[int, U8] = OrderedDict()
        self._lock = threading.RLock()
        #: Number of links computed so far.
        self.computed = 0

    def _picture(self, place: int) -> U8:
        if place not in self._greys:
            self._greys[place] = self._grey(self._frames[place])
            while len(self._greys) > 3:
                self._greys.popitem(last=False)
        self._greys.move_to_end(place)
        return self._greys[place]

    def _link(self, place: int) -> Link | None:
        """Link between the frames at ``place`` and ``place + 1``."""
        if not 0 <= place < len(self._frames) - 1:
            return None
        if place not in self._links:
            first, second = self._picture(place), self._picture(place + 1)
            self._links[place] = link_flow(first, second, self._preset)
            self.computed += 1
            while len(self._links) > self._keep:
                self._links.popitem(last=False)
        self._links.move_to_end(place)
        return self._links[place]

    def __call__(self, frame: int) -> FlowPair:
        """Flow of a frame to the frames beside it in ``frames``.

        Args:
            frame: A frame number.

        Raises:
            MissingFrameError: The clip has no such frame.
        """
        with self._lock:
            if frame not in self._place:
                raise MissingFrameError(
                    f"there is no frame {frame} to compute flow for; check the frame range",
                    frame=frame,
                )
            place = self._place[frame]
            preceding = self._link(place - 1)
            return _pair(frame, self._link(place), preceding)
