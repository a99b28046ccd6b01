"""A synthetic clip: what is in it, how it moves, how it is lit, and what a camera makes of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthetic.levels import Spec
from benchmarks.synthetic.motion import F32, F64, Motion, Ripple, lattice_of_pixels
from benchmarks.synthetic.texture import DENSITY, koi, mark, picture_bed, reeds, stream_bed
from codef_nodes.demo.synthetic import noise
from engine.colour.encoding import decode, encode

#: Samples per pixel and direction, and moments of the open shutter.
FINE = 2
MOMENTS = 7
SHUTTER = 0.5  # of a frame
SOFTNESS = 0.6  # of lens and sensor: standard deviation in pixels of the frame
FISH = 0.30  # length of the fish as a share of the frame's width
MARK = 0.15  # size of the mark, likewise
SUN = 1.5  # light on everything

Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Shot:
    """A frame with all that is known of it; colours scene-linear.

    Attributes:
        frame: What the camera saw: blur and grain included, [H, W, 3].
        clean: The same without blur and grain.
        edited: The frame had the mark been part of the ground; with the blur, without grain.
        paint: The mark alone as the camera sees it, lit, premultiplied, hidden parts left out,
            [H, W, 4].
        masks: The fish, then the strands: their visible share, [2, H, W].
    """

    frame: F32
    clean: F32
    edited: F32
    paint: F32
    masks: F32


@dataclass(frozen=True)
class Sheet:
    """A texture with its motion; texel ``[i, j]`` is centred as ``place`` says."""

    texels: F32
    motion: Motion

    def place(self, points: F64) -> tuple[F32, F32]:
        """Texture points [N, 2] as texel indices (x, y)."""
        h, w = self.texels.shape[:2]
        x = points[:, 0] * DENSITY + w / 2 - 0.5
        y = points[:, 1] * DENSITY + h / 2 - 0.5
        return x.astype(np.float32), y.astype(np.float32)

    def read(self, points: F64, shape: tuple[int, int], border: int) -> F32:
        """Colours [*shape, 4] at texture points."""
        return _read(self.texels, *self.place(points), shape, border)

    def alpha(self, points: F64) -> F32:
        """Coverage [N] at texture points."""
        if not len(points):
            return np.zeros(0, np.float32)
        import cv2

        found = self.read(points, (len(points), 1), cv2.BORDER_CONSTANT)
        return np.asarray(found[:, 0, 3], np.float32)


class Scene:
    """A clip that can be asked about every frame. The layers: 0 the fish, 1 the ground.

    Args:
        spec: What is wanted.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec, self.level = spec, spec.numbers
        self.unit = spec.width / 640
        self._rng = np.random.default_rng([spec.seed, spec.level])
        self._phase = self._rng.random(8)
        self._grid = lattice_of_pixels(spec.width, spec.height, FINE)
        self._shape = (spec.height * FINE, spec.width * FINE)

    # What is in it

    @cached_property
    def ground(self) -> Sheet:
        """The stream bed, or the picture that was given."""
        w, h = self._reach
        ripple = Ripple.random(
            (w, h),
            0.55 * self.level.ripple * self.unit,
            90 * self.unit,
            38,
            self.spec.seed * 977 + self.spec.level,
        )
        size = (int(2 * h * DENSITY), int(2 * w * DENSITY))
        if self.spec.picture is None:
            texels = stream_bed(*size, DENSITY * self.unit, self.spec.seed * 31 + 5)
        else:
            texels = picture_bed(self.spec.picture, *size)
        return Sheet(texels, Motion(self._camera, ripple))

    @cached_property
    def fish(self) -> Sheet:
        """The layer that crosses."""
        length = FISH * self.spec.width
        ripple = Ripple.random(
            (0.7 * length, 0.5 * length),
            0.55 * self.level.bend * self.unit,
            0.3 * length,
            22,
            self.spec.seed * 613 + self.spec.level + 50,
        )
        texels = koi(length * DENSITY, self.spec.seed * 7 + 3)
        return Sheet(texels, Motion(self._swim, ripple))

    @cached_property
    def strands(self) -> Sheet | None:
        """Reeds before everything, at level 4."""
        if not self.level.strands:
            return None
        w, h = 1.3 * self.spec.width, 1.6 * self.spec.height
        ripple = Ripple.random((w / 2, h / 2), 4 * self.unit, 120 * self.unit, 50, self.spec.seed)
        texels = reeds(int(h * DENSITY), int(w * DENSITY), DENSITY, self.spec.seed + 1)
        return Sheet(texels, Motion(self._sway, ripple))

    @cached_property
    def mark(self) -> Sheet:
        """What is drawn on the ground, ahead of the fish in the middle frame."""
        size = int(MARK * self.spec.width * DENSITY)
        middle = (self.spec.frames - 1) / 2
        sides = np.array([[0.76 * self.spec.width, 0.5 * self.spec.height]])
        centre = self.ground.motion.to_texture(middle, sides)[0]
        sheet = np.zeros((*self.ground.texels.shape[:2], 4), np.float32)
        h, w = sheet.shape[:2]
        x = round(centre[0] * DENSITY + w / 2 - size / 2)
        y = round(centre[1] * DENSITY + h / 2 - size / 2)
        sheet[y : y + size, x : x + size] = mark(size)
        return Sheet(sheet, self.ground.motion)

    # How it moves

    def _swing(self, time: float, period: float, n: int) -> float:
        return float(np.sin(2 * np.pi * (time / period + self._phase[n])))

    @property
    def _reach(self) -> tuple[float, float]:
        """Half the size of the ground that the camera may see."""
        level, spec = self.level, self.spec
        grow = (1 + level.zoom) * (1 + level.perspective)
        turn = np.radians(level.roll)
        w, h = spec.width / 2 * grow, spec.height / 2 * grow
        spare = (2 * level.ripple + 2 * level.shake + 8) * self.unit
        return (
            float(w * np.cos(turn) + h * np.sin(turn) + 1.15 * level.pan[0] * self.unit + spare),
            float(h * np.cos(turn) + w * np.sin(turn) + 1.15 * level.pan[1] * self.unit + spare),
        )

    def _camera(self, time: float) -> F64:
        level, spec = self.level, self.spec
        middle = self._to_middle(level.perspective * self._swing(time, level.period, 3))
        turn = np.radians(level.roll * self._swing(time, 0.9 * level.period, 1))
        size = 1 + level.zoom * self._swing(time, 0.8 * level.period, 2)
        shake = level.shake * np.array([np.sin(time * 0.91), np.sin(time * 0.77 + 1)])
        reach = np.array(level.pan) * [
            self._swing(time - spec.frames / 2, level.period, 0),
            self._swing(time, 0.7 * level.period, 4),
        ]
        return _similar(turn, size, (reach + shake) * self.unit) @ middle

    def _to_middle(self, lean: float = 0.0) -> F64:
        """Frame pixels to pixels from the middle, leaning to one side."""
        w, h = self.spec.width, self.spec.height
        tilt = np.array([[1, 0, 0], [0, 1, 0], [lean * 2 / w, 0, 1]], np.float64)
        return tilt @ np.array([[1, 0, -w / 2], [0, 1, -h / 2], [0, 0, 1]], np.float64)

    def _swim(self, time: float) -> F64:
        spec = self.spec
        whole = spec.width * (1 + 2 * FISH)
        way = self.level.swim * self.unit * (time - (spec.frames - 1) / 2)
        x = (way + whole / 2) % whole - whole / 2 - 0.06 * spec.width
        y = spec.height * (0.04 + 0.06 * self._swing(time, 70, 5))
        turn = np.radians(4 + 2 * self.level.roll) * self._swing(time, 55, 6)
        inverse = _similar(-turn, 1.0, np.zeros(2)) @ _similar(0.0, 1.0, np.array([-x, -y]))
        return inverse @ self._to_middle()

    def _sway(self, time: float) -> F64:
        along = np.array([28 * self._swing(time, 48, 7), 4.0 * self._swing(time, 31, 5)])
        return _similar(0.0, 1.0, along * self.unit) @ self._to_middle()

    # How it is lit

    def exposure(self, time: float) -> float:
        """The factor on all light at a time."""
        swing = 0.6 * self._swing(time, 23, 6) + 0.4 * self._swing(time, 6.1, 7)
        return SUN * (1 + self.level.exposure * swing)

    @cached_property
    def _clouds(self) -> F32:
        """Sheet of soft shadow, 0 to 1: twice the frame, at a quarter of its resolution."""
        rows, columns = self.spec.height // 2, self.spec.width // 2
        soft = noise(rows, columns, 36 * self.unit, 2, self.spec.seed + 77)
        return np.asarray(np.clip(0.5 + 0.9 * soft, 0, 1), np.float32)

    def light(self, time: float) -> tuple[F32, F32]:
        """Factor [H, W, 1] on the light of a frame, and highlight [H, W, 1] to be added."""
        import cv2

        h, w = self.spec.height, self.spec.width
        factor = np.full((h, w), self.exposure(time), np.float32)
        y, x = np.mgrid[0:h, 0:w].astype(np.float32)
        if self.level.shadow:
            drift = 1.1 * time * self.unit
            shade = cv2.remap(
                self._clouds,
                (x + drift) / 4,
                (y + 0.4 * drift) / 4,
                cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_REFLECT,
            )
            factor *= 1 - self.level.shadow * np.clip(shade, 0, 1)
        glint = np.zeros((h, w), np.float32)
        if self.level.highlight:
            cx = w * (0.5 + 0.4 * self._swing(time, 90, 0))
            cy = h * (0.4 + 0.25 * self._swing(time, 64, 1))
            far = ((x - cx) / (0.2 * w)) ** 2 + ((y - cy) / (0.1 * w)) ** 2
            glint = np.asarray(self.level.highlight * np.exp(-far), np.float32)
        return factor[..., None], glint[..., None]

    # What the camera makes of it

    def _moment(self, time: float) -> tuple[F32, F32, F32, F32]:
        """Plain and edited picture, paint, and masks at one moment."""
        import cv2

        spec = self.spec
        on_ground = self.ground.motion.to_texture(time, self._grid)
        plain = self.ground.read(on_ground, self._shape, cv2.BORDER_REFLECT)[..., :3]
        paint = self.mark.read(on_ground, self._shape, cv2.BORDER_CONSTANT)
        fish = self.fish.read(
            self.fish.motion.to_texture(time, self._grid), self._shape, cv2.BORDER_CONSTANT
        )
        if self.level.shadow:
            # The fish's own shadow on the ground.
            away = np.array([[1, 0, 9 * FINE], [0, 1, 13 * FINE]], np.float32)
            away[:, 2] *= self.unit
            size = self._shape[::-1]
            cast = cv2.warpAffine(np.ascontiguousarray(fish[..., 3]), away, size)
            cast = cv2.GaussianBlur(cast, (0, 0), 7 * FINE * self.unit)
            dim = (1 - 1.4 * self.level.shadow * cast)[..., None]
            plain, paint[..., :3] = plain * dim, paint[..., :3] * dim
        masks = [fish[..., 3]]
        over = [fish]
        if self.strands is None:
            masks.append(np.zeros_like(fish[..., 3]))
        else:
            strands = self.strands.read(
                self.strands.motion.to_texture(time, self._grid), self._shape, cv2.BORDER_CONSTANT
            )
            masks[0] = masks[0] * (1 - strands[..., 3])
            masks.append(strands[..., 3])
            over.append(strands)
        edited = plain * (1 - paint[..., 3:]) + paint[..., :3]
        for layer in over:
            through = 1 - layer[..., 3:]
            plain = plain * through + layer[..., :3]
            edited = edited * through + layer[..., :3]
            paint = paint * through
        stack = np.dstack([plain, edited, paint, *masks])
        small = _averaged(stack, spec.width, spec.height)
        factor, glint = self.light(time)
        plain, edited = small[..., :3] * factor + glint, small[..., 3:6] * factor + glint
        paint = small[..., 6:10]
        paint[..., :3] = paint[..., :3] * factor + glint * paint[..., 3:]
        return plain, edited, paint, np.moveaxis(small[..., 10:], 2, 0)

    def shot(self, index: int) -> Shot:
        """One frame."""
        clean, edited, paint, masks = self._moment(index)
        frame = clean
        if self.spec.blur:
            offsets = (np.arange(MOMENTS) - MOMENTS // 2) / MOMENTS * SHUTTER
            sums = [frame.copy(), edited, paint, masks]
            for offset in offsets[offsets != 0]:
                for total, part in zip(sums, self._moment(index + float(offset)), strict=True):
                    total += part
            frame, edited, paint, masks = (total / MOMENTS for total in sums)
        if self.spec.grain:
            frame = self.grained(frame, index)
        return Shot(frame, clean, edited, paint, np.clip(masks, 0, 1))

    def grained(self, frame: F32, index: int) -> F32:
        """Grain as film has it: clumps of a pixel or two, most in the middle greys."""
        import cv2

        rng = np.random.default_rng([self.spec.seed, self.spec.level, index, 99])
        h, w = frame.shape[:2]
        shared, own = rng.normal(size=(h, w, 1)), rng.normal(size=(h, w, 3))
        clumps = cv2.GaussianBlur((0.8 * shared + 0.6 * own).astype(np.float32), (0, 0), 0.7)
        clumps /= clumps.std()
        code = encode(frame)
        strength = 0.012 + 0.10 * np.clip(code, 0, 1) * (1 - np.clip(code, 0, 1))
        return decode(np.clip(code + strength * clumps, 0, None))

    # What is true of it

    def layers(self) -> tuple[Sheet, Sheet]:
        """Front to back; the strands are no layer that anyone would give a mask for."""
        return self.fish, self.ground

    def correspond(self, layer: int, start: float, points: F64, end: float) -> F64:
        """Where points [N, 2] of a layer in one frame are in another."""
        motion = self.layers()[layer].motion
        return motion.to_frame(end, motion.to_texture(start, points))

    def visible(self, layer: int, time: float, points: F64) -> Bool:
        """Whether points [N, 2] of a layer lie in the frame with nothing before them."""
        inside = (points > 0).all(axis=1) & (points < [self.spec.width, self.spec.height]).all(1)
        hidden = np.zeros(len(points), np.bool_)
        fronts = [self.fish] if layer == 1 else []
        if self.strands is not None:
            fronts.append(self.strands)
        for front in fronts:
            hidden |= front.alpha(front.motion.to_texture(time, points)) > 0.5
        return np.asarray(inside & ~hidden, np.bool_)


def _similar(turn: float, size: float, shift: F64) -> F64:
    c, s = size * np.cos(turn), size * np.sin(turn)
    return np.array([[c, -s, shift[0]], [s, c, shift[1]], [0, 0, 1]], np.float64)


def _read(texels: F32, x: F32, y: F32, shape: tuple[int, int], border: int) -> F32:
    import cv2

    # Points far outside would overflow OpenCV's coordinates.
    x, y = (np.clip(v, -30000, 30000).reshape(shape) for v in (x, y))
    read: F32 = cv2.remap(texels, x, y, cv2.INTER_LINEAR, borderMode=border, borderValue=0)
    return read


def _averaged(stack: F32, width: int, height: int) -> F32:
    """What the pixels of a sensor behind a lens get of the samples, [height, width, C]."""
    import cv2

    stack = np.dstack(
        [
            cv2.GaussianBlur(np.ascontiguousarray(stack[..., c : c + 4]), (0, 0), SOFTNESS * FINE)
            for c in range(0, stack.shape[2], 4)
        ]
    )
    parts = stack.reshape(height, FINE, width, FINE, stack.shape[2])
    return np.asarray(parts.mean(axis=(1, 3), dtype=np.float32), np.float32)
