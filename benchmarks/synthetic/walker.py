"""A walking animal whose every point is known: four jointed legs that cross and hide each other.

All parts wear fur of one kind, so that nothing but motion and outline tells a leg from another. A
foot stands on the ground for a part of its cycle and swings forward for the rest; the camera goes
along, so that the ground moves and the body hardly does. Motion blur and grain are the camera's.

Convention: pixels of the frame, x right, y down, centres at +0.5. A part's own points are along
and across its bone, from its upper joint.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

WIDTH, HEIGHT = 480, 272
#: Samples per pixel and direction, and the moments of the open shutter, in frames.
FINE, MOMENTS = 2, (-0.2, 0.0, 0.2)
GRAIN = 0.012
BONES = 3
#: Legs 0 and 1 are near (front, hind), 2 and 3 far; a leg's phase in the cycle.
PHASES = (0.0, 0.58, 0.5, 0.08)
BODY = 4 * BONES
#: Parts from back to front: a leg's parts are ``BONES * leg`` and following, from the hip down.
ORDER = (8, 7, 6, 11, 10, 9, BODY, 2, 1, 0, 5, 4, 3)
#: Margin of fur around a part, in texels.
RIM = 4


@dataclass(frozen=True)
class Shot:
    """A frame: grey display codes [H, W] in 0..1, the animal's mask, and its part by pixel."""

    grey: F32
    mask: Bool
    parts: NDArray[np.int8]


@dataclass(frozen=True)
class Joints:
    """Truth: places [N, T, 2], and whether the frame shows them, [N, T]."""

    points: F64
    visible: Bool


class Walker:
    """A walk; the same seed gives the same one, always.

    Args:
        seed: Which animal and gait.
        frames: How many.
    """

    def __init__(self, seed: int, frames: int = 60) -> None:
        rng = np.random.default_rng([seed, 17])
        self.seed, self.frames = seed, frames
        self.size = float(rng.uniform(0.8, 1.1))
        self.cycle, self.duty = float(rng.uniform(34, 60)), float(rng.uniform(0.55, 0.68))
        self.stride = float(rng.uniform(75, 110)) * self.size
        self.pan, self.phase = float(rng.uniform(-0.35, 0.35)), float(rng.random())
        self.bones = np.array([54.0, 50.0, 22.0]) * self.size
        self.trunk = np.array([115.0, 55.0]) * self.size
        thick = np.array([30.0, 20.0, 13.0]) * self.size * rng.uniform(1.0, 1.8)
        base, contrast = float(rng.choice([0.22, 0.35, 0.78])), float(rng.uniform(0.02, 0.06))
        self._ground = _fur(rng, HEIGHT + 200, WIDTH + 1200, 0.55, 0.10, 4.0, 0.3)
        self._skins: dict[int, tuple[F32, F32, tuple[float, float]]] = {}
        for part in range(BODY):
            bone, wide = self.bones[part % BONES], thick[part % BONES]
            dark = 0.8 if part >= 2 * BONES else 1.0
            shape = (int(wide) + 2 * RIM, int(bone + wide) + 2 * RIM)
            skin = _fur(rng, *shape, base * dark, contrast)
            self._skins[part] = (skin, *_capsule(shape, bone, wide))
        shape = (int(2 * self.trunk[1]) + 2 * RIM, int(2 * self.trunk[0]) + 2 * RIM)
        self._skins[BODY] = (_fur(rng, *shape, base, contrast), *_barrel(shape))

    # How it moves

    def ground(self, time: float) -> float:
        """How far the ground has gone to the right."""
        return self.stride / (self.duty * self.cycle) * time + self.pan * time

    def body(self, time: float) -> F64:
        """The body's own points to the frame, [2, 3]."""
        turn = 2 * np.pi * time / self.cycle
        middle = (
            WIDTH / 2 + 6 * np.sin(turn / 2) + self.pan * time,
            HEIGHT * 0.36 + 2.5 * np.sin(2 * turn),
        )
        return _placed(0.04 * np.sin(turn + 1), middle)

    def pose(self, time: float) -> dict[int, F64]:
        """Every part's own points to the frame, [2, 3]."""
        body = self.body(time)
        pose = {BODY: body}
        upper, lower = float(self.bones[0]), float(self.bones[1])
        for leg in range(4):
            hind = leg % 2
            hip = body @ np.array([self._hip(leg), self.trunk[1] * 0.45, 1.0])
            ankle, lift = self._ankle(leg, time)
            way = ankle - hip
            far = min(float(np.hypot(*way)), 0.999 * (upper + lower))
            cosine = (upper**2 + far**2 - lower**2) / (2 * upper * far)
            bend = float(np.arccos(np.clip(cosine, -1, 1))) * (-1 if hind else 1)
            angle = float(np.arctan2(way[1], way[0]))
            knee = hip + upper * np.array([np.cos(angle + bend), np.sin(angle + bend)])
            shin = float(np.arctan2(*(ankle - knee)[::-1]))
            foot = knee + lower * np.array([np.cos(shin), np.sin(shin)])
            first = BONES * leg
            pose[first] = _placed(angle + bend, hip)
            pose[first + 1] = _placed(shin, knee)
            pose[first + 2] = _placed(np.pi - 0.9 * lift, foot)
        return pose

    def _hip(self, leg: int) -> float:
        return float((0.66 if leg % 2 else -0.62) * self.trunk[0])

    def _ankle(self, leg: int, time: float) -> tuple[F64, float]:
        """Where an ankle is, and how far its heel is lifted, 0 to 1."""
        offset = PHASES[leg] + self.phase
        turns = time / self.cycle + offset
        whole = float(np.floor(turns))
        share = turns - whole
        planted = (whole - offset) * self.cycle
        begin = WIDTH / 2 + self._hip(leg) - self.stride / 2
        floor = (
            HEIGHT * 0.36
            + 0.55 * self.trunk[1]
            + 0.93 * (self.bones[0] + self.bones[1])
            - (7 * self.size if leg >= 2 else 0)
        )

        def standing(moment: float) -> float:
            there = begin + self.pan * planted
            return float(there + self.ground(moment) - self.ground(planted))

        if share < self.duty:
            heel = max(0.0, (share / self.duty - 0.7) / 0.3)
            return np.array([standing(time), floor]), heel
        swing = (share - self.duty) / (1 - self.duty)
        eased = swing * swing * (3 - 2 * swing)
        left = standing(planted + self.duty * self.cycle)
        lands = begin + self.pan * (planted + self.cycle)
        up = 22 * self.size * np.sin(np.pi * swing)
        return np.array([left + (lands - left) * eased, floor - up]), 1 - swing

    # What the camera sees

    def shot(self, index: int) -> Shot:
        """One frame."""
        import cv2

        moments = [self._moment(index + offset) for offset in MOMENTS]
        grey, alpha = (
            np.mean([moment[n] for moment in moments], axis=0, dtype=np.float32) for n in (0, 1)
        )
        small = [
            cv2.resize(a, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for a in (grey, alpha)
        ]
        rng = np.random.default_rng([self.seed, index, 3])
        grained = small[0] + GRAIN * rng.normal(size=small[0].shape)
        parts = moments[len(MOMENTS) // 2][2][FINE // 2 :: FINE, FINE // 2 :: FINE]
        return Shot(np.clip(grained, 0, 1).astype(np.float32), small[1] > 0.5, parts)

    def _moment(self, time: float) -> tuple[F32, F32, NDArray[np.int8]]:
        """Grey, the animal's alpha, and its part by sample; -1: none."""
        import cv2

        size = (WIDTH * FINE, HEIGHT * FINE)
        shift = np.array([[FINE, 0, FINE * (self.ground(time) - 800)], [0, FINE, -60 * FINE]])
        grey = cv2.warpAffine(
            self._ground, shift, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        alpha = np.zeros(size[::-1], np.float32)
        parts = np.full(size[::-1], -1, np.int8)
        pose = self.pose(time)
        for part in ORDER:
            skin, cover, joint = self._skins[part]
            own = np.array([[1, 0, 0.5 - joint[0]], [0, 1, 0.5 - joint[1]], [0, 0, 1]])
            placed = np.vstack([pose[part], [0, 0, 1]]) @ own
            samples = (np.diag([FINE, FINE, 1.0]) @ placed)[:2]
            samples[:, 2] -= 0.5
            over = cv2.warpAffine(cover, samples, size, flags=cv2.INTER_LINEAR)
            fur = cv2.warpAffine(
                skin, samples, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            grey = grey * (1 - over) + fur * over
            alpha = alpha * (1 - over) + over
            parts[over > 0.5] = part
        return np.asarray(grey, np.float32), np.asarray(alpha, np.float32), parts

    # What is true of it

    def joints(self, shots: list[Shot]) -> Joints:
        """Points of all parts: two of each bone, one of each foot, six of the body."""
        rng = np.random.default_rng([self.seed, 5])
        own: list[tuple[int, F64]] = []
        for part in range(BODY):
            for along in (0.1, 0.7) if part % BONES < 2 else (0.5,):
                along_bone = self.bones[part % BONES] * along
                own.append((part, np.array([along_bone, rng.uniform(-3, 3), 1.0])))
        for _ in range(6):
            spot = rng.uniform([-0.8, -0.6], [0.8, 0.6]) * self.trunk
            own.append((BODY, np.append(spot, 1.0)))
        points = np.zeros((len(own), len(shots), 2))
        visible = np.zeros(points.shape[:2], np.bool_)
        for index, shot in enumerate(shots):
            pose = self.pose(index)
            for n, (part, place) in enumerate(own):
                x, y = points[n, index] = pose[part] @ place
                if not (0 <= x < WIDTH and 0 <= y < HEIGHT):
                    continue
                shown = int(shot.parts[int(y), int(x)])
                # Around a joint the bones of a leg show each other's fur.
                leg = shown // BONES == part // BONES
                visible[n, index] = shown >= 0 and leg
        seen = visible.sum(axis=1) > 10
        return Joints(points[seen], visible[seen])


def _placed(angle: float, at: object) -> F64:
    c, s = np.cos(angle), np.sin(angle)
    x, y = np.asarray(at, np.float64)
    return np.array([[c, -s, x], [s, c, y]])


def _fur(
    rng: np.random.Generator,
    height: int,
    width: int,
    base: float,
    contrast: float,
    hair: float = 5.0,
    lie: float = 1.2,
) -> F32:
    """Hairs that lie in one direction, and soft patches."""
    import cv2

    side = int(3 * hair) | 1
    kernel = np.zeros((side, side), np.float32)
    reach = hair * np.array([np.cos(lie), np.sin(lie)])
    ends = [tuple(int(v) for v in side // 2 + sign * reach) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1)
    hairs, patches = rng.normal(size=(2, height, width)).astype(np.float32)
    hairs = cv2.GaussianBlur(cv2.filter2D(hairs, -1, kernel), (0, 0), 0.9)
    patches = cv2.GaussianBlur(patches, (0, 0), 9.0)
    grey = base + contrast * (0.6 * hairs / hairs.std() + 0.5 * patches / patches.std())
    return np.asarray(np.clip(grey, 0, 1), np.float32)


def _capsule(shape: tuple[int, int], bone: float, wide: float) -> tuple[F32, tuple[float, float]]:
    """A bone's outline, and its upper joint in it."""
    import cv2

    cover = np.zeros(shape, np.float32)
    joint, middle = RIM + wide / 2, shape[0] // 2
    cv2.line(cover, (int(joint), middle), (int(joint + bone), middle), 1.0, int(wide))
    return _soft(cover), (joint, shape[0] / 2)


def _barrel(shape: tuple[int, int]) -> tuple[F32, tuple[float, float]]:
    """The body's outline, and its middle."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    half = np.array(shape) / 2
    across = (y - half[0]) / (half[0] - RIM)
    along = (x - half[1]) / (half[1] - RIM)
    cover = (along**4 + across**2 < 1).astype(np.float32)
    return _soft(cover), (float(half[1]), float(half[0]))


def _soft(cover: F32) -> F32:
    import cv2

    return np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.8), np.float32)
