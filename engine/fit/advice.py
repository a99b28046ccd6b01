"""Which recipe suits a clip, and whether one still may hold it: from how the clip moves."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from engine.arrays import U8, Bool
from engine.fit.clipmotion import Pair, Statistics, pairs_of, shrunk, statistics_of
from engine.fit.conflict import Conflict
from engine.fit.conflict_before import find_before, wide_pairs
from engine.fit.groups import Groups
from engine.fit.plates import Plates, read_plates
from engine.fit.request import FitRequest
from engine.progress import Task

#: Percent of the width per frame below which a camera stands, and one that only trembles.
STANDS, TREMBLES = 0.05, 0.2
#: The same below which motion is not told from the noise of flow.
NOISE = 0.01
#: Frames apart at which is asked whether a camera that seems to stand creeps, and percent of the
#: width that it then gets.
FAR, CREEPS = 24, 0.25
#: Motion inside against that of the border from which a trembling camera counts as still.
INNER = 1.25
#: Share of unmatched pixels that speaks of fluids.
FLUID = 0.3
#: Share of the picture that must move against the camera to be spoken of.
SMALL = 0.01
#: How steadily, and how much in its place, something turns that is shown on a table.
STEADY, STAYS = 0.75, 0.6
#: Percent of the width per frame up to which motion in front of a still camera is a small one.
GENTLE = 0.8
#: Share of a piece's motion that one rigid motion leaves, from which on it has joints.
JOINTS = 1 / 6
#: Share of all motion that the camera must explain to be called a pan.
PAN = 0.5


@dataclass(frozen=True)
class Advice:
    """A proposal.

    Attributes:
        recipe: Name of the recipe that is proposed.
        reason: Why, in words and numbers, without a full stop.
        statistics: What it rests on.
        conflict: What one still may not explain; None where nothing speaks for it.
    """

    recipe: str
    reason: str
    statistics: Statistics
    conflict: Conflict | None = None

    def as_dict(self) -> dict[str, Any]:
        """The form in a field's report."""
        numbers = {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self.statistics).items()
        }
        told = {"recipe": self.recipe, "reason": self.reason, "statistics": numbers}
        return {**told, "conflict": self.conflict.as_dict()} if self.conflict else told

    def sentence(self, chosen: str) -> str:
        """What a person is told, given the recipe that they chose or ``auto``."""
        if chosen in ("auto", self.recipe):
            return f"recipe {self.recipe}: {self.reason}"
        return f"recipe {chosen}; {self.recipe} may suit this clip too: {self.reason}"


def advise_plates(plates: Plates, frames: Sequence[int]) -> Advice:
    """The proposal for frames that are in memory; those that are left out wholly do not count.

    Args:
        plates: The frames.
        frames: Their numbers.
    """
    shown = [t for t in range(plates.count) if plates.weights[:, t, ::4, ::4].any()]
    pairs = [(shown[a], shown[b]) for a, b in pairs_of(len(shown))]
    return _advice(plates, pairs, {t: t for t in shown}, frames)


def advise(request: FitRequest, task: Task) -> Advice:
    """The proposal for a clip of which only the frames that are looked at are read.

    Raises:
        InputError: Frames of different sizes.
        MaskError: Masks of another size, or black in every frame.
    """
    frames = request.frames
    pairs = pairs_of(len(frames))
    wanted = sorted({index for pair in pairs for index in pair})
    if not wanted:
        return propose(Statistics(), 0)
    first = request.picture(frames[wanted[0]])
    size = (first.data.height, first.data.width)
    groups = Groups(frames, request.groups, size, task.part(0, 0.3), request.ignore)
    plates = read_plates(
        [frames[index] for index in wanted],
        request.picture,
        groups.shares,
        len(groups.names),
        task.part(0.3, 0.9, "reading frames"),
    )
    places = {index: place for place, index in enumerate(wanted)}
    return _advice(plates, pairs, places, frames)


def _advice(
    plates: Plates,
    pairs: Sequence[tuple[int, int]],
    places: Mapping[int, int],
    frames: Sequence[int],
) -> Advice:
    """The proposal from pairs of frames; ``places`` are their indices in ``plates``."""
    layers = len(plates.weights)

    def front(index: int) -> Bool | None:
        if layers < 2:
            return None
        covered = shrunk(plates.weights[:-1, places[index]].max(axis=0))
        return np.asarray(covered > 127, np.bool_)

    def grey(index: int) -> U8:
        small = shrunk(plates.codes[places[index]]).astype(np.float32)
        luma = (small * plates.scale + plates.offset) @ np.array([0.299, 0.587, 0.114], np.float32)
        return np.asarray(np.rint(np.clip(luma, 0, 1) * 255), np.uint8)

    def seen(pairs: Sequence[tuple[int, int]]) -> list[Pair]:
        return [Pair.of(grey(a), grey(b), b - a, front(a)) for a, b in pairs]

    found = statistics_of(seen(pairs), layers)
    there = sorted({index for pair in pairs for index in pair})
    if found.border < STANDS:
        # Noise of the flow is larger than a slow camera's step, but not than the way it gets.
        apart = wide_pairs(there, FAR)
        looked = seen(apart)
        ways = [min(p.camera, p.border) * (b - a) for p, (a, b) in zip(looked, apart, strict=True)]
        drift = float(np.median(ways)) if ways else 0.0
        slow = replace(statistics_of(looked, layers), lost=found.lost)
        found = replace(slow if drift > CREEPS else found, drift=drift)
    return propose(found, plates.data.width, find_before(grey, there, frames, found))


def propose(found: Statistics, width: int, conflict: Conflict | None = None) -> Advice:
    """The recipe that suits what was measured.

    Args:
        found: The statistics.
        width: Width of a frame in pixels, for the words.
        conflict: What one still may not explain.
    """

    def px(percent: float) -> str:
        return f"{percent * width / 100:.1f} px a frame"

    def share(value: float) -> str:
        return f"{100 * value:.0f} %"

    recipe, reason = "seeded", "the motion is mixed, and the default recipe suits every clip"
    calm = found.border < TREMBLES and found.inner > INNER * found.border
    still = found.drift <= CREEPS and (found.border < STANDS or calm)
    moves = found.moving >= SMALL
    jointed = found.bent > JOINTS and found.bent * found.rest > NOISE
    piece = f"{share(found.moving)} of the picture"
    if found.lost > FLUID:
        recipe = "fluid"
        reason = f"{share(found.lost)} of the pixels cannot be matched from frame to frame: " + (
            "fluids or smoke"
        )
    elif not moves and found.motion < NOISE:
        reason = "hardly anything moves, and the default recipe suits every clip"
    elif still and not moves:
        reason = f"the camera stands and less than {share(SMALL)} of the picture moves"
    elif still and found.border < STANDS and found.steady > STEADY and found.stays > STAYS:
        recipe = "product"
        reason = f"the camera stands and {piece} turns steadily in its place, {px(found.rest)}"
    elif still and found.rest < GENTLE:
        recipe = "talking_head"
        reason = (
            f"the camera is still ({px(found.border)} at the border) and {piece} moves gently, "
            f"{px(found.rest)}"
        )
    elif moves and found.groups > 1 and jointed:
        recipe = "articulated"
        reason = (
            f"{piece} moves {px(found.rest)} against the camera, and one rigid motion leaves "
            f"{share(found.bent)} of that unexplained"
        )
    elif still:
        recipe = "articulated"
        reason = f"the camera is still and {piece} moves fast, {px(found.rest)}"
    elif found.explained > PAN:
        recipe = "camera_pan"
        reason = f"the camera explains {share(found.explained)} of the motion, {px(found.camera)}"
    return Advice(recipe, reason, found, conflict)
