"""What each part of propagation does for an edit: ``python -m benchmarks.propagation``.

Synthetic clips at four levels, with occluders, lighting, grain and motion blur. The field is the
clip's own motion (``--error PIXELS`` spoils it) with a canonical image drawn from the clip's own
texture, so that what is measured is the propagation and not a fit. The mark is put on the canonical
image as paint and carried to every frame, without and with each feature:

* ``transfer``: PSNR inside the mark against the clip rendered with the mark on its ground;
* ``on fish``, ``on strands``: share of the edit's alpha that lands where they hide the mark wholly;
* ``grain``: variance and correlation of neighbours inside the mark over those of its surroundings.
  Grain changes with brightness, and the mark is not as bright as all that surrounds it. So the
  camera films the mark, too: its variance over that of the surroundings (``camera_variance``), and
  the variance inside the mark over the camera's there (``grain_camera``), which is to be 1;
* ``fringe``: largest error, in 8-bit codes, along a mask's edge that is blurred over 6 pixels;
* ``s``: seconds a frame.

About four minutes on two cores. Written to ``benchmarks/results/propagation.json``.
"""

import argparse
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fit import RESULTS
from benchmarks.machine import record
from benchmarks.synthetic.__main__ import size
from benchmarks.synthetic.levels import LEVELS, Spec
from benchmarks.synthetic.oracle import oracle
from benchmarks.synthetic.scene import SOFTNESS, Scene, Shot
from benchmarks.synthetic.texture import DENSITY
from engine.arrays import F32, Bool
from engine.colour.encoding import encode, to_display8
from engine.edit.editlayer import EditLayer, cropped
from engine.edit.finish import Finish
from engine.edit.finished import Finished, finish_frame
from engine.edit.frameview import FrameView
from engine.edit.paintover import put_over, warp_change
from engine.fields.field import Canonical, Field, Masks
from engine.io.picture import Picture, Window
from engine.warp.sheet import Sheet, sheet_of

#: Features as they are switched on one after the other.
ADDED: dict[str, dict[str, Any]] = {
    "+ holdout": {"holdout": True},
    "+ highlight": {"highlight": 1.0},
    "+ shade": {"shade": 1.0},
    "+ motion blur": {"shutter": 0.5},
    "+ focus": {"focus": 1.0},
    "+ grain": {"regrain": 1.0},
}
STEPS: dict[str, Finish] = {
    "warp only": Finish(light=0.0, detail=0.0),
    "light": Finish(detail=0.0),
}
for _name, _more in ADDED.items():
    STEPS[_name] = replace(list(STEPS.values())[-1], **_more)
#: Alpha from which a pixel is in the mark, wholly in it, and wholly hidden by what is in front.
MARK, SOLID, FRONT = 0.5, 0.98, 0.95
#: Pixels of the blur that takes what is no grain.
BROAD = 8.0


def perfect(scene: Scene, error: float = 0.0) -> Field:
    """The scene's own motion, with canonical images read from its textures."""
    fitted = oracle(scene, noise=error)
    for layer, sheet in zip(fitted.layers, scene.layers(), strict=True):
        layer.canonical = still(scene, sheet.texels)
    return fitted


def still(scene: Scene, texels: F32) -> Canonical:
    """A texture as a canonical image that is as sharp as the clip's frames."""
    import cv2

    spec = scene.spec
    soft = cv2.GaussianBlur(texels, (0, 0), SOFTNESS * DENSITY)
    h, w = soft.shape[0] // DENSITY, soft.shape[1] // DENSITY
    parts = soft[: h * DENSITY, : w * DENSITY].reshape(h, DENSITY, w, DENSITY, 4)
    x0, y0 = spec.width / 2 - texels.shape[1] / 4, spec.height / 2 - texels.shape[0] / 4
    # Canonical pixels lie on whole numbers; what is left is a shift below half a pixel.
    left, top = round(x0), round(y0)
    move = np.array([[1, 0, x0 - left], [0, 1, y0 - top]], np.float64)
    pixels = cv2.warpAffine(
        parts.mean(axis=(1, 3), dtype=np.float32),
        move,
        (w, h),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Canonical(np.ascontiguousarray(pixels, np.float32), Window(left, top, left + w, top + h))


def marked(scene: Scene) -> EditLayer:
    """The mark as paint on the ground's canonical image, twice as fine as that."""
    import cv2

    spec = scene.spec
    texels = cv2.GaussianBlur(scene.mark.texels, (0, 0), SOFTNESS * DENSITY)
    h, w = texels.shape[:2]
    origin = spec.width - w / 2, spec.height - h / 2
    change = cropped(texels, origin, (float(DENSITY), float(DENSITY)))
    if change is None:
        raise ValueError("the mark is empty")
    return change


def squares(result: F32, shot: Shot) -> tuple[float, int]:
    """Sum of squared 8-bit errors inside the mark, and how many values that are."""
    solid = shot.paint[..., 3] > MARK
    apart = to_display8(result)[solid].astype(np.float64) - to_display8(shot.edited)[solid]
    return float(np.square(apart).sum()), apart.size


def decibels(total: float, count: int) -> float:
    """PSNR of squared 8-bit errors."""
    return float(10 * np.log10(255.0**2 * max(count, 1) / max(total, 1e-6)))


def landing(done: Finished, front: F32, would: F32) -> tuple[float, float]:
    """Alpha of the edit where a front hides it wholly, and alpha that nothing had hidden."""
    hidden = (front > FRONT) & (would > MARK)
    if done.box is None:
        return 0.0, float(would[hidden].sum())
    alpha = np.zeros_like(front)
    alpha[done.box] = done.alpha
    return float(alpha[hidden].sum()), float(would[hidden].sum())


def likeness(grain: F32, where: Bool) -> tuple[float, float]:
    """Variance of grain [h, w, 3] and mean correlation of neighbours, over a region.

    What is broad is taken away first: light that was found in a grainy plate is a little other than
    that of a clean one, and no grain.
    """
    import cv2

    held = where.astype(np.float64)
    values = np.where(where[..., None], grain, 0).astype(np.float64)
    broad = cv2.GaussianBlur(values, (0, 0), BROAD)
    base = np.maximum(cv2.GaussianBlur(held, (0, 0), BROAD), 1e-6)[..., None]
    values = (values - broad / base) * held[..., None]
    variance = float(np.square(values).sum() / (3 * where.sum()))
    beside = []
    for axis in (0, 1):
        both = where & np.roll(where, 1, axis)
        both[(0, slice(None)) if axis == 0 else (slice(None), 0)] = False
        product = (values * np.roll(values, 1, axis))[both]
        beside.append(float(product.mean()) / variance)
    return variance, float(np.mean(beside))


def around(mark: F32) -> Bool:
    """Pixels near the mark and not in it."""
    import cv2

    near = cv2.dilate((mark > 0).astype(np.uint8), np.ones((41, 41), np.uint8))
    return np.asarray((near > 0) & (mark == 0), np.bool_)


def unhidden(field: Field, change: EditLayer, index: int) -> F32:
    """Alpha that the mark had with nothing in front, [H, W]."""
    points = field.layers[1].deformation.positions(index)
    return np.ascontiguousarray(change.sheet.read_linear(points, filter="bilinear")[..., 3])


@dataclass
class Tally:
    """What is added up over the frames of a clip for one step."""

    error: float = 0.0
    values: int = 0
    fish: list[tuple[float, float]] = field(default_factory=list)
    strands: list[tuple[float, float]] = field(default_factory=list)
    grain: list[tuple[float, float, float, float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def row(self, level: int, step: str) -> dict[str, Any]:
        """A row of the table."""
        row: dict[str, Any] = {
            "level": level,
            "step": step,
            "transfer": round(decibels(self.error, self.values), 2),
            "on_fish": share(self.fish),
            "on_strands": share(self.strands),
            "grain_variance": None,
            "grain_likeness": None,
            "camera_variance": None,
            "grain_camera": None,
            "seconds": round(float(np.median(self.seconds)), 3),
        }
        if self.grain:
            names = ("grain_variance", "grain_likeness", "camera_variance", "grain_camera")
            means = np.mean(self.grain, axis=0)
            row |= {n: round(float(v), 3) for n, v in zip(names, means, strict=True)}
        return row


def share(parts: list[tuple[float, float]]) -> float | None:
    """Share of what could have landed; None where next to nothing could."""
    landed, could = np.sum(parts, axis=0)
    return round(float(landed / could), 4) if could > 20 else None


def measure(
    level: int, size: tuple[int, int], frames: int, every: int, error: float
) -> list[dict[str, Any]]:
    """All steps on one level's clip, a row each."""
    scene = Scene(Spec(level, *size, frames, blur=True))
    fitted = perfect(scene, error)
    change = marked(scene)
    tallies = {name: Tally() for name in STEPS}
    for index in range(0, frames, every):
        shot = scene.shot(index)
        plate = Picture.of(scene.grained(shot.frame, index))
        for name, finish in STEPS.items():
            add(tallies[name], scene, fitted, change, plate, shot, index, finish)
    return [tally.row(level, name) for name, tally in tallies.items()]


def add(
    tally: Tally,
    scene: Scene,
    fitted: Field,
    change: EditLayer,
    plate: Picture,
    shot: Shot,
    index: int,
    finish: Finish,
) -> None:
    """One frame of one step."""
    layer = {1: change}
    matched = {1: matching(fitted, change)}
    start = time.perf_counter()
    done = finish_frame(fitted, layer, plate, index, finish)
    tally.seconds.append(time.perf_counter() - start)
    # Grain would hide every other error; it is judged by itself.
    bare = replace(finish, regrain=0.0)
    plain = finish_frame(fitted, layer, plate, index, bare) if finish.regrain else done
    error, count = squares(plain.picture.pixels, shot)
    tally.error += error
    tally.values += count
    would = unhidden(fitted, change, index)
    tally.fish.append(landing(done, shot.masks[0], would))
    tally.strands.append(landing(done, shot.masks[1], would))
    inner, outer = shot.paint[..., 3] > SOLID, around(shot.paint[..., 3])
    # A patch of the ground's own mean colour, so that its grain can be that of its surroundings.
    grainy = finish_frame(fitted, matched, plate, index, finish)
    still = finish_frame(fitted, matched, Picture.of(shot.frame), index, bare)
    for held in (grainy, still):
        if held.box is not None:  # what is held out there is the plate
            inner[held.box] &= held.holdout == 0
    if inner.sum() < 400:
        return
    bare_code = encode(still.picture.pixels)
    inside = encode(grainy.picture.pixels) - bare_code
    filmed = encode(scene.grained(still.picture.pixels, index)) - bare_code
    here, there = (
        likeness(inside, inner),
        likeness(encode(plate.pixels) - encode(shot.frame), outer),
    )
    camera = likeness(filmed, inner)[0]
    tally.grain.append(
        (here[0] / there[0], here[1] / there[1], camera / there[0], here[0] / camera)
    )


def matching(fitted: Field, change: EditLayer) -> EditLayer:
    """The mark in the mean colour of what is below it."""
    sheet, canonical = change.sheet, fitted.layers[1].canonical
    x, y = (round(v / s) for v, s in zip(sheet.origin, sheet.scale, strict=True))
    alpha = sheet.pixels[::2, ::2, 3]
    rows, columns = np.nonzero(alpha > SOLID)
    mean = canonical.pixels[rows + y - canonical.data.y0, columns + x - canonical.data.x0, :3].mean(
        0
    )
    pixels = sheet.pixels.copy()
    pixels[..., :3] = mean * pixels[..., 3:]
    return EditLayer(Sheet(pixels, sheet.origin, sheet.scale))


def fringe(size: tuple[int, int]) -> dict[str, float]:
    """Largest error along a front's edge that is soft over six pixels, in 8-bit codes."""
    import cv2

    scene = Scene(Spec(2, *size, 3))
    fitted = perfect(scene)
    fish, ground = fitted.layers
    fish.canonical.pixels[...] = (0.05, 0.6, 0.1, 1.0)
    height, width = size[1], size[0]
    disc = np.zeros((height, width), np.float32)
    centre = (round(0.62 * width), round(0.5 * height))
    cv2.circle(disc, centre, height // 4, 1.0, -1)
    soft = cv2.blur(cv2.blur(disc, (3, 3)), (4, 4))
    codes = np.round(soft * 255).astype(np.uint8)
    fitted.masks = Masks(height, width, [[Masks.pack(codes)] * 3])
    for layer in (fish, ground):
        layer.lighting = None
    change = marked(scene)
    matte = codes[..., None].astype(np.float32) / 255
    view = FrameView(fitted, 1)
    behind = sheet_of(ground.canonical).read_linear(view.positions(1), filter="cubic")
    paint = change.sheet.read_linear(view.positions(1), filter="cubic")
    front = np.array([0.05, 0.6, 0.1], np.float32) * matte
    plate = behind[..., :3] * (1 - matte) + front
    painted = behind[..., :3] * (1 - paint[..., 3:]) + paint[..., :3]
    truth = to_display8(painted * (1 - matte) + front).astype(np.int64)
    edge = (codes > 0) & (codes < 255) & (paint[..., 3] > SOLID)
    result = {}
    for name, finish in (("over by alpha", None), ("as propagated", Finish(detail=0.0))):
        if finish is None:
            piece = warp_change(fitted, 1, 1, change)
            done = put_over(Picture.of(plate), [piece] if piece else [], fitted.data)
        else:
            done = finish_frame(fitted, {1: change}, Picture.of(plate), 1, finish).picture
        apart = np.abs(to_display8(done.pixels).astype(np.int64) - truth)
        result[name] = float(apart[edge].max())
    return result


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as text."""
    names = list(rows[0])
    cells = [names] + [["" if row[n] is None else str(row[n]) for n in names] for row in rows]
    widths = [max(len(line[n]) for line in cells) for n in range(len(names))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in cells]
    return "\n".join(line.rstrip() for line in lines)


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.propagation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--levels", nargs="*", type=int, default=list(LEVELS), choices=LEVELS)
    parser.add_argument("--size", type=size, default=(480, 270), metavar="WxH")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--every", type=int, default=4, help="measure every so manieth frame")
    parser.add_argument("--error", type=float, default=0.0, help="pixels that the field is off")
    parser.add_argument("--json", type=Path, default=RESULTS / "propagation.json")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for level in options.levels:
        rows += measure(level, options.size, options.frames, options.every, options.error)
        print(table(rows[-len(STEPS) :]) + "\n", flush=True)
    edge = fringe(options.size)
    print("fringe:", ", ".join(f"{name} {value:g}" for name, value in edge.items()))
    answer = {"size": options.size, "frames": options.frames}
    answer |= {"every": options.every, "error": options.error, "rows": rows, "fringe": edge}
    record(options.json, answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
