"""Tracks, corner pins and ST maps correct the seeds of a fit; see ``engine.fit.hints``."""

from collections.abc import Sequence

import numpy as np

from engine.arrays import F32, F64
from engine.fields.lattice import LatticeDeformation
from engine.fit.bend import bend, common_motion
from engine.fit.closest import fit_lattice
from engine.fit.hints import Hints
from engine.fit.motion import global_motion
from engine.fit.plates import Plates
from engine.fit.seeds import Seed, pixel_centres
from engine.io.picture import Window
from engine.progress import Task

#: Say of places outside the group, or off a pin's plane, against those on it; and of what the flow
#: said where a map says nothing.
FAINT, UNKNOWN = 0.02, 0.001
#: Full-size pixels of disagreement up to which a simple motion explains a frame's tracks.
EXPLAINED = 0.3
#: How stiff a lattice is that follows a map or a pin, and how often it is fitted to the rest.
STIFFNESS, ROUNDS = 0.02, 3
#: Pixels by which a fully trusted place may be missed.
CLOSE = 0.05
#: Least depth of a plane against that of the farthest corner of its quad.
HORIZON = 0.6
#: How much colours may agree less after all of a group follows its tracks.
WORSE, SLACK = 1.05, 0.004


def apply_hints(
    hints: Hints,
    plates: Plates,
    frames: Sequence[int],
    reference: int,
    groups: Sequence[str],
    seeds: Sequence[Seed],
    task: Task,
) -> None:
    """Corrects the seeds of a fit, in place.

    Args:
        hints: What is known, checked.
        plates: The frames.
        frames: Their numbers.
        reference: Index of the reference frame; it never moves.
        groups: Names of the layers.
        seeds: One for each layer.
        task: Progress and cancel.

    Raises:
        Cancelled: The person stopped the work.
    """
    for layer, seed in enumerate(seeds):
        work = _LayerHints(hints, plates, frames, reference, groups, layer, seed)
        work.apply(task.part(layer / len(seeds), (layer + 1) / len(seeds)))


class _LayerHints:
    """What is known about one layer."""

    def __init__(
        self,
        hints: Hints,
        plates: Plates,
        frames: Sequence[int],
        reference: int,
        groups: Sequence[str],
        layer: int,
        seed: Seed,
    ) -> None:
        self.plates, self.frames, self.reference = plates, frames, reference
        self.layer, self.seed = layer, seed
        name = groups[layer]
        self.index = {frame: index for index, frame in enumerate(frames)}
        self.maps = [maps for maps in hints.maps if maps.group in (None, name)]
        self.pins = [
            pin
            for pin in hints.pins
            if (pin.group or groups[self._owner(list(pin.corners.items()))]) == name
        ]
        self.tracks = [
            track
            for track in hints.tracks
            if (track.group or groups[self._owner(list(track.places.items()))]) == name
        ]

    def apply(self, task: Task) -> None:
        """Corrects every frame, from the reference frame outward."""
        if not (self.maps or self.pins or self.tracks):
            return
        count = self.plates.count
        order = sorted(range(count), key=lambda t: (abs(t - self.reference), t))
        goals: list[F64 | None] = [None] * len(self.tracks)
        for done, index in enumerate(order):
            task.report(done / count, "following tracks")
            if index != self.reference:
                self._follow_maps(index)
                self._follow_pins(index)
                self._follow_tracks(index, goals)
            # A track that the reference frame does not show is held where it is first seen.
            for n, track in enumerate(self.tracks):
                place = track.places.get(self.frames[index])
                if goals[n] is None and place is not None:
                    goals[n] = self._landing(index, self._here([place]))[0]
        used = ("ST maps", self.maps), ("corner pin", self.pins), ("tracks", self.tracks)
        self.seed.kind += "".join(f" + {name}" for name, given in used if given)

    def _seeded(self) -> LatticeDeformation:
        """The seed as a deformation in pixels of the working resolution."""
        seed, plates = self.seed, self.plates
        window = Window.of_size(plates.width, plates.height)
        return LatticeDeformation(seed.matrices, seed.lattices, seed.spacing, window)

    def _landing(self, index: int, points: F64) -> F64:
        """Where the seed sends points [N, 2] of a frame."""
        landed = self._seeded().at(index, points.astype(np.float32))
        return landed.astype(np.float64)

    def _here(self, places: object) -> F64:
        """Places at full size in pixels of the working resolution, [N, 2]."""
        data = self.plates.data
        full = np.asarray(places, np.float64).reshape(-1, 2)
        return np.asarray((full - [data.x0, data.y0]) / self.plates.shrink, np.float64)

    def _owner(self, known: Sequence[tuple[int, object]]) -> int:
        """The layer that owns places, summed over their frames."""
        votes = np.zeros(len(self.plates.weights))
        for frame, places in known:
            if frame in self.index:
                points = self._here(places)
                # The middle of a quad says more than its corners, which lie on its border.
                points = np.concatenate([points, points.mean(axis=0, keepdims=True)])
                x, y = np.floor(points).astype(np.int64).T
                inside = (x >= 0) & (y >= 0) & (x < self.plates.width) & (y < self.plates.height)
                shares = self.plates.weights[:, self.index[frame], y[inside], x[inside]]
                votes += shares.astype(np.float64).sum(axis=1)
        return int(votes.argmax())

    def _share(self, index: int) -> F32:
        """Visible share of the layer in a frame, [H, W]."""
        share: F32 = self.plates.weights[self.layer, index] / np.float32(255)
        return share

    def _follow_maps(self, index: int) -> None:
        for maps in self.maps:
            frame = self.frames[index]
            if frame not in maps.frames:
                continue
            steps = self._worked(maps.read(frame))
            known = np.asarray(np.isfinite(steps).all(axis=2), np.bool_)
            share = self._share(index)
            if not (known & (share > 0)).any():
                continue
            # Seen pixels count fully, the rest of the map still shows how it goes on.
            trust = np.where(known, share + FAINT, 0).astype(np.float32)
            matrix = global_motion(np.nan_to_num(steps), trust)
            grid = pixel_centres(self.plates.height, self.plates.width)
            self._place(index, grid + steps, trust, matrix)

    def _worked(self, steps: F32) -> F32:
        """Steps at the working resolution, in its pixels."""
        import cv2

        plates = self.plates
        if plates.shrink == 1:
            return steps
        rows, columns = plates.height * plates.shrink, plates.width * plates.shrink
        below, right = rows - steps.shape[0], columns - steps.shape[1]
        nan = float("nan")
        whole = cv2.copyMakeBorder(
            steps, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(nan, nan, nan, nan)
        )
        small = cv2.resize(whole, (plates.width, plates.height), interpolation=cv2.INTER_AREA)
        worked: F32 = small / np.float32(plates.shrink)
        return worked

    def _follow_pins(self, index: int) -> None:
        import cv2

        plates = self.plates
        for pin in self.pins:
            corners = pin.corners.get(self.frames[index])
            if corners is None:
                continue
            here = self._here(corners)
            there = self._here(pin.corners[self.frames[self.reference]])
            quad = cv2.convexHull(here.astype(np.float32)).reshape(-1, 2)
            matrix = cv2.getPerspectiveTransform(here.astype(np.float32), there.astype(np.float32))
            outside = np.ones((plates.height, plates.width), np.uint8)
            # Whole pixels will do: the plane goes on for a while beyond the quad.
            cv2.fillConvexPoly(outside, np.rint(quad - 0.5).astype(np.int32), 0)
            if outside.all():
                continue
            away = cv2.distanceTransform(outside, cv2.DIST_L2, 3)
            reach = 0.25 * np.sqrt(max(float(cv2.contourArea(quad)), 1.0)) + self.seed.spacing
            near = np.clip(1 - (away - self.seed.spacing) / reach, 0, 1)
            held = np.asarray(near * near * (3 - 2 * near), np.float32)[..., None]
            plane, whole = self._plane(matrix, quad)
            before = self._seeded().positions(index)
            places = (held * plane + (1 - held) * before).astype(np.float32)
            share = self._share(index)
            mostly = float((held[..., 0] * share).sum()) >= 0.5 * float(share.sum())
            base = matrix if mostly and whole else self.seed.matrices[index].copy()
            places[held[..., 0] == 0] = before[held[..., 0] == 0]
            self._place(index, places, (share + FAINT) * (held[..., 0] + FAINT), base)

    def _plane(self, matrix: F64, quad: F32) -> tuple[F32, bool]:
        """Where a homography sends every pixel centre; whether it means something everywhere.

        NaN towards the horizon of the plane, beyond the quad [4, 2] that it was given by.
        """
        height, width = self.plates.height, self.plates.width
        still = np.zeros((1, *self.seed.lattices.shape[1:]), np.float32)
        window = Window.of_size(width, height)
        flat = LatticeDeformation(matrix[None], still, self.seed.spacing, window)
        places = flat.positions(0)
        x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
        depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
        held = quad @ matrix[2, :2] + matrix[2, 2]
        side = 1.0 if held.sum() > 0 else -1.0
        ahead = side * depth > HORIZON * max(float((side * held).min()), 1e-6)
        if not ahead.all():
            places[~ahead] = np.nan
        return places, bool(ahead.all())

    def _place(self, index: int, places: F32, trust: F32, matrix: F64) -> None:
        """Sets a frame's seed to places [H, W, 2]; where they are not known, to what it was."""
        known = np.asarray(np.isfinite(places).all(axis=2), np.bool_)
        before = self._seeded().positions(index)
        places = np.where(known[..., None], places, before)
        weight = np.where(known, trust, UNKNOWN * self._share(index)).astype(np.float32)
        self.seed.matrices[index] = matrix / matrix[2, 2]
        self.seed.lattices[index] = 0
        # What is given is exact, unlike flow: hardly smoothed, and what is missed is fitted again.
        for _ in range(ROUNDS):
            gap = np.asarray(places - self._seeded().positions(index), np.float32)
            if float((np.abs(gap).sum(axis=2) * weight).max()) < CLOSE:
                break
            self.seed.lattices[index] += fit_lattice(gap, weight, self.seed.spacing, STIFFNESS)

    def _follow_tracks(self, index: int, goals: Sequence[F64 | None]) -> None:
        """Bends a frame's seed so that its tracked points land on their goals."""
        frame = self.frames[index]
        pairs = [
            (track.places[frame], goal)
            for track, goal in zip(self.tracks, goals, strict=True)
            if goal is not None and frame in track.places
        ]
        if not pairs:
            return
        here = self._here([place for place, _ in pairs])
        goal = np.stack([goal for _, goal in pairs])
        landed = self._landing(index, here)
        self._follow_together(index, landed, goal)
        left = goal - self._landing(index, here)
        self.seed.lattices[index] += bend(
            here,
            left,
            (self.seed.lattices.shape[1], self.seed.lattices.shape[2]),
            self.seed.spacing,
            (self.plates.height, self.plates.width),
        )

    def _follow_together(self, index: int, landed: F64, goal: F64) -> None:
        """Moves the whole layer if the tracks agree on a motion that colours do not contradict."""
        matrix = common_motion(landed, goal, EXPLAINED / self.plates.shrink)
        seed = self.seed
        before = seed.matrices[index].copy(), seed.lattices[index].copy()
        error = self._colour_error(index)
        moved = matrix @ before[0]
        seed.matrices[index] = moved / moved[2, 2]
        # Affine, so that it carries displacements by its linear part exactly.
        seed.lattices[index] = before[1] @ matrix[:2, :2].T.astype(np.float32)
        if self._colour_error(index) > WORSE * error + SLACK:
            seed.matrices[index], seed.lattices[index] = before

    def _colour_error(self, index: int) -> float:
        """Mean robust colour error of a frame read from the reference frame, a pixel in nine."""
        import cv2

        plates = self.plates
        places = self._seeded().positions(index)[1::3, 1::3]
        x, y = places[..., 0] - np.float32(0.5), places[..., 1] - np.float32(0.5)

        share = cv2.remap(self._share(self.reference), x, y, cv2.INTER_LINEAR)
        seen = self._share(index)[1::3, 1::3] * (share > 0.5)
        there = cv2.remap(
            plates.encoded(self.reference), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        gap = np.abs(plates.encoded(index)[1::3, 1::3] - there)
        total = float(seen.sum())
        if total < 4:
            return 0.0
        return float((np.minimum(gap.sum(axis=2), 0.5) * seen).sum()) / total
