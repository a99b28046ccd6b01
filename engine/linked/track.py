"""Points followed through a long shot: from segment to segment, over the frames that both hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.fields.field import Field
from engine.linked.deformation import layer_number
from engine.linked.field import LinkedField
from engine.progress import Task
from engine.warp.inverse import FrameInverse
from engine.warp.track_plate import Plate

#: Share of its best confidence at which a shared frame still says where a point goes on.
TRUSTED = 0.5
#: A place of a point by frame number, as ``track`` answers.
Answers = dict[int, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Start:
    """Where a point begins in a segment.

    Attributes:
        name: Name of its layer.
        canonical: The point of the segment's still, [2].
        frame: The frame number from which it is followed.
        place: Where that frame has it, [2].
        shown: The frame shows it there: it can be looked for.
    """

    name: str
    canonical: F32
    frame: int
    place: F32
    shown: bool = True


def track_linked(
    field: LinkedField,
    segments: Sequence[int],
    starts: Sequence[Start],
    task: Task,
    plate: Plate | None = None,
) -> list[list[dict[str, Any]]]:
    """Follows points through every frame of the shot.

    A segment follows its points through its own frames. Into the next one a point goes where the
    frames that both hold show it, else through the link of the stills. Over shared frames the one
    track gives way to the other.

    Args:
        field: The shot.
        segments: Number of the segment in which each point begins.
        starts: Where it begins there.
        task: Progress and cancel.
        plate: The frames, to look for the points in them; None: the field alone answers.

    Returns:
        As ``engine.warp.track.track`` does.

    Raises:
        Cancelled: The person stopped the work.
    """
    count = len(field.segments.parts)
    told: dict[tuple[int, int], Answers] = {}
    for way, order in ((1, range(count)), (-1, range(count - 1, -1, -1))):
        here: dict[int, Start] = {}
        for n, s in enumerate(order):
            done = n + (0 if way > 0 else count)
            part = task.part(done / (2 * count), (done + 1) / (2 * count), "track")
            here.update({i: starts[i] for i, own in enumerate(segments) if own == s})
            fresh = {i: start for i, start in here.items() if (i, s) not in told}
            found = _followed(field.segments.field(s), fresh, plate, part)
            told.update({(i, s): answers for i, answers in found.items()})
            if 0 <= s + way < count:
                answers = {i: told[i, s] for i in here}
                here = _handed_on(field, s, s + way, here, answers)
    return [_joined(field, point, told) for point in range(len(starts))]


def start_on_still(own: Field, k: int, point: F32) -> Start:
    """Where a point of a still is followed from: its reference frame."""
    found = FrameInverse(own, k, own.index(own.reference)).find(point[None])
    visible = bool(found.visible[0])
    return Start(own.layers[k].name, point, own.reference, found.points[0], visible)


def _followed(
    own: Field, starts: Mapping[int, Start], plate: Plate | None, task: Task
) -> dict[int, Answers]:
    """Points through the frames of one segment; none where it does not have their layer."""
    from engine.warp.track import swept

    found: dict[int, Answers] = {}
    numbers = {name: layer_number(own, name) for name in {s.name for s in starts.values()}}
    # What its first frame does not show has no look of its own.
    for looked in (True, False):
        some = [i for i, s in starts.items() if s.shown == looked and numbers[s.name] is not None]
        if not some:
            continue
        mine = [starts[i] for i in some]
        places, visible, trust = swept(
            own,
            np.array([numbers[start.name] for start in mine], np.int64),
            np.array([start.canonical for start in mine], np.float32),
            np.array([start.place for start in mine], np.float32),
            np.array([own.index(start.frame) for start in mine], np.int64),
            plate if looked else None,
            task,
        )
        for n, i in enumerate(some):
            found[i] = {
                frame: {
                    "x": float(places[n, t, 0]),
                    "y": float(places[n, t, 1]),
                    "visible": bool(visible[n, t]),
                    "confidence": float(trust[n, t]),
                }
                for t, frame in enumerate(own.frames)
            }
    return {i: found.get(i, {}) for i in starts}


def _handed_on(
    field: LinkedField, s: int, after: int, here: Mapping[int, Start], told: Mapping[int, Answers]
) -> dict[int, Start]:
    """The points of one segment where the next goes on with them."""
    own = field.segments.field(after)
    shared = sorted(set(field.segments.parts[s].frames) & set(own.frames))
    if after < s:
        shared.reverse()
    by_layer: dict[str, list[int]] = {}
    for i, start in here.items():
        by_layer.setdefault(start.name, []).append(i)
    found: dict[int, Start] = {}
    for name, mine in by_layer.items():
        k = layer_number(own, name)
        there = np.array([here[i].canonical for i in mine], np.float32)
        way = field.segments.way(name, s, after)
        there = there if way is None else way.at(there)
        if k is None:
            # It comes back where a later segment has the layer again.
            found.update(
                {
                    i: Start(name, point, shared[-1], here[i].place, False)
                    for i, point in zip(mine, there, strict=True)
                }
            )
            continue
        spots, trust = [], []
        for frame in shared:
            places = [told[i].get(frame) for i in mine]
            xy = np.array([[p["x"], p["y"]] if p else [0, 0] for p in places], np.float32)
            spots.append(own.layers[k].deformation.at(own.index(frame), xy))
            trust.append([p["confidence"] if p and p["visible"] else 0.0 for p in places])
        sure = np.array(trust)
        near = FrameInverse(own, k, own.index(shared[0])).find(there).points
        for n, i in enumerate(mine):
            best = sure[:, n].max()
            if best <= 0:
                found[i] = Start(name, there[n], shared[0], near[n], False)
                continue
            chosen = np.flatnonzero(sure[:, n] >= TRUSTED * best)
            point = np.median(np.stack(spots)[chosen, n], axis=0).astype(np.float32)
            frame = shared[int(chosen[len(chosen) // 2])]
            place = told[i][frame]
            found[i] = Start(name, point, frame, np.array([place["x"], place["y"]], np.float32))
    return found


def _joined(
    field: LinkedField, point: int, told: dict[tuple[int, int], Answers]
) -> list[dict[str, Any]]:
    """One track through all frames."""
    track: list[dict[str, Any]] = []
    for index, frame in enumerate(field.frames):
        given = [
            (share.weight, told[point, share.segment][frame])
            for share in field.segments.shares(index)
            if told.get((point, share.segment))
        ]
        if not given:
            # The segment does not have the layer: the point rests where it was, unseen.
            last = track[-1] if track else {"x": 0.0, "y": 0.0}
            track.append({**last, "frame": frame, "visible": False, "confidence": 0.0})
            continue
        # One that sees the point knows better than one that does not.
        seen = [each for each in given if each[1]["visible"]]
        counted = seen or given
        total = sum(weight for weight, _ in counted)
        place = {
            name: float(sum(weight * said[name] for weight, said in counted) / total)
            for name in ("x", "y", "confidence")
        }
        track.append({"frame": frame, **place, "visible": bool(seen)})
    return track
