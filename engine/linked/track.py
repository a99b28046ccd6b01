"""Points followed through a long shot: from segment to segment, over the frames that both hold."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arrays import F32, I64
from engine.fields.field import Field
from engine.linked.field import LinkedField
from engine.progress import Task

#: Share of its best confidence at which a shared frame still says where a point goes on.
TRUSTED = 0.5
#: A place of a point by frame number, as ``track`` answers.
Answers = dict[int, dict[str, Any]]


def track_linked(
    field: LinkedField, segments: I64, names: Sequence[str], canonical: F32, task: Task
) -> list[list[dict[str, Any]]]:
    """Follows points of the segments' stills through every frame of the shot.

    A segment follows its points through its own frames. Into the next one a point goes where the
    frames that both hold show it, else through the link of the stills. Over shared frames the one
    track gives way to the other.

    Args:
        field: The shot.
        segments: Number of the segment on whose still each point is, [N].
        names: Name of the layer of each.
        canonical: The points, [N, 2].
        task: Progress and cancel.

    Returns:
        As ``engine.warp.track.track`` does.

    Raises:
        Cancelled: The person stopped the work.
    """
    count = len(field.segments.parts)
    told: dict[tuple[int, int], Answers] = {}
    for way, order in ((1, range(count)), (-1, range(count - 1, -1, -1))):
        here = np.array(canonical, np.float32).reshape(-1, 2)
        for n, s in enumerate(order):
            task.report((n + (0 if way > 0 else count)) / (2 * count), "track")
            begun = np.flatnonzero(segments <= s if way > 0 else segments >= s)
            for name in sorted({names[i] for i in begun.tolist()}):
                mine = [i for i in begun.tolist() if names[i] == name]
                fresh = [i for i in mine if (i, s) not in told]
                told.update(_followed(field.segments.field(s), s, name, fresh, here, task))
                if 0 <= s + way < count:
                    answers = [told.get((i, s), {}) for i in mine]
                    here[mine] = _handed_on(field, s, s + way, name, here[mine], answers)
    return [_joined(field, point, told) for point in range(len(names))]


def _layer(field: Field, name: str) -> int | None:
    return next((k for k, layer in enumerate(field.layers) if layer.name == name), None)


def _followed(
    own: Field, s: int, name: str, some: Sequence[int], here: F32, task: Task
) -> dict[tuple[int, int], Answers]:
    """Points of one layer through the frames of one segment."""
    from engine.warp.track import track_canonical

    k = _layer(own, name)
    if k is None or not some:
        return {}
    tracks = track_canonical(own, k, here[some], task.part(0.0, 0.0))
    return {
        (i, s): {int(place["frame"]): place for place in track}
        for i, track in zip(some, tracks, strict=True)
    }


def _handed_on(
    field: LinkedField, s: int, after: int, name: str, here: F32, answers: Sequence[Answers]
) -> F32:
    """Points [N, 2] of one segment's still on that of the next."""
    way = field.segments.way(name, s, after)
    there = here.copy() if way is None else way.at(here)
    own, k = field.segments.field(after), _layer(field.segments.field(after), name)
    shared = sorted(set(field.segments.parts[s].frames) & set(own.frames))
    if k is None:
        return there
    spots, trust = [], []
    for frame in shared:
        places = [told.get(frame) for told in answers]
        xy = np.array([[p["x"], p["y"]] if p else [0, 0] for p in places], np.float32)
        spots.append(own.layers[k].deformation.at(own.index(frame), xy))
        trust.append([p["confidence"] if p and p["visible"] else 0.0 for p in places])
    sure = np.array(trust)
    for n in range(len(there)):
        best = sure[:, n].max()
        if best > 0:
            chosen = sure[:, n] >= TRUSTED * best
            there[n] = np.median(np.stack(spots)[chosen, n], axis=0)
    return there


def _joined(
    field: LinkedField, point: int, told: dict[tuple[int, int], Answers]
) -> list[dict[str, Any]]:
    """One track through all frames."""
    track: list[dict[str, Any]] = []
    for index, frame in enumerate(field.frames):
        given = [
            (share.weight, told[point, share.segment][frame])
            for share in field.segments.shares(index)
            if (point, share.segment) in told
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
