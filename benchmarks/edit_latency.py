"""How long a brush event takes until the pixels are there: the canonical image and the frame.

    python -m benchmarks.edit_latency [--events N] [--strokes 10 1000] [--brush 150] [--only window]
        [-o FILE]

A scripted stroke (a spiral over the middle of the canvas, a pen report every 8 pixels) is drawn on
a canonical image of 2048x1152 and of 4096x2304, over 10 and over 1000 earlier strokes, while a
frame of 1920x1080 follows through a bent field with changing light, finished: lit, with grain,
behind what passes in front. Three measurements:

1. *engine*: ``StrokeSession`` and ``FrameFollower`` alone, for each kind of stroke;
2. *worker*: the verbs ``paint.*`` of a real worker over its socket, from the request until the
   client has mapped the pixels of the canonical, and of the frame. The file holds as well how long
   ``paint.begin`` takes, and ``paint.begin`` of the next stroke right after the document got this
   one;
3. *window*: mouse events on the canonical viewer of the real window, until each viewer has drawn
   what changed, both viewers shown in software.

The table shows median and 95th percentile in milliseconds; everything, with the machine, is
written as JSON to ``benchmarks/results/edit_latency.json``. On two idle cores: two minutes.
"""

import argparse
import math
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import ROOT
from benchmarks.machine import record
from codef_nodes.graph.edits import Splice
from codef_nodes.worker.client import Client
from codef_nodes.worker.edits import edits_to_json
from engine.arrays import F32
from engine.edit.finish import FULL_FINISH
from engine.edit.frameview import FrameView
from engine.edit.paintover import seen_layer
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.fields.folder import save_field
from engine.fields.lattice import LatticeDeformation
from engine.io.picture import Picture, Window
from engine.io.write import WriteOptions, write_picture
from engine.kernels.lattice import grid_shape
from engine.paint.draw import Reveal
from engine.paint.follow import Blocks, FrameFollower
from engine.paint.live import StrokeSession
from engine.paint.painting import paint
from engine.paint.stroke import KINDS
from engine.paint.surroundings import TiledSurroundings
from engine.paint.tiles import TiledPicture

FRAME = (1920, 1080)
CANVAS = (2048, 1152)
FRAMES = (1001, 1002)
SCALES = (1, 2)
PARTS = ("window", "worker", "engine")
Figures = dict[str, Any]


def smooth(width: int, height: int, seed: int) -> F32:
    """A picture with soft shapes and grain, linear, [h, w, 3]."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    planes = [0.3 + 0.2 * np.sin(x / (60 + 9 * c)) * np.cos(y / (50 + 7 * c)) for c in range(3)]
    grain = random.standard_normal((height, width, 1), np.float32) * np.float32(0.01)
    return np.ascontiguousarray(np.stack(planes, -1) + grain, np.float32)


def bent_field() -> Field:
    """A clip of two frames that pans, turns and bends, with light that changes over the frame."""
    data = Window.of_size(*FRAME)
    random = np.random.default_rng(1)
    shape = (len(FRAMES), *grid_shape(data.height, data.width, 48), 2)
    matrices = []
    for turn in np.linspace(0, 0.02, len(FRAMES)):
        c, s = math.cos(turn), math.sin(turn)
        matrices.append([[c, -s, 12.0], [s, c, -9.0], [1e-6, 0, 1]])
    bends = (random.standard_normal(shape) * 2).astype(np.float32)
    deformation = LatticeDeformation(np.array(matrices), bends, 48.0, data)
    rgba = np.ones((CANVAS[1], CANVAS[0], 4), np.float32)
    rgba[..., :3] = smooth(*CANVAS, 2)
    canvas = Window.of_size(*CANVAS).moved(-64, -36)
    light = random.uniform(0.9, 1.1, (len(FRAMES), 5, 8, 3)).astype(np.float32)
    layer = Layer("all", deformation, Canonical(rgba, canvas), light)
    masks = Masks(data.height, data.width, [])
    return Field(FRAMES, data, data, [layer], masks, FRAMES[0], "seeded")


def earlier_strokes(count: int) -> list[Figures]:
    """Strokes all over the canvas, most of them through its middle."""
    random = np.random.default_rng(3)
    made: list[Figures] = []
    for n in range(count):
        steps = np.cumsum(random.uniform(-20, 20, (24, 2)), axis=0)
        centre = random.normal([CANVAS[0] / 2, CANVAS[1] / 2], [300, 180])
        points = [[round(float(x), 2), round(float(y), 2), 1.0] for x, y in centre + steps]
        made.append(
            {
                "kind": "brush",
                "name": f"stroke {n}",
                "points": points,
                "size": float(random.uniform(10, 60)),
                "opacity": 0.5,
                "colour": [float(v) for v in random.uniform(0, 1, 3)],
            }
        )
    return made


def spiral(events: int) -> list[list[float]]:
    """Where the pen is at each event: 8 pixels further along a spiral."""
    points, angle = [], 0.0
    for _ in range(events):
        radius = 120 + 18 * angle
        x, y = math.cos(angle) * radius * 1.6, math.sin(angle) * radius
        points.append([CANVAS[0] / 2 - 64 + x, CANVAS[1] / 2 - 36 + y, 1.0])
        angle += 8 / math.hypot(radius * 1.3, 18)
    return points


def header(kind: str, brush: float) -> Figures:
    """The stroke that is drawn."""
    return {
        "kind": kind,
        "size": brush,
        "hardness": 0.4,
        "opacity": 0.7,
        "colour": [1.2, 0.3, 0.1],
        "offset": [260.0, -41.5],
        "frame": FRAMES[1],
    }


def show_always(shown: TiledPicture) -> Reveal:
    """What every ``reveal`` stroke shows."""
    return lambda stroke: shown


def summary(seconds: list[float]) -> Figures:
    """Percentiles in milliseconds, without the first two events (the loops are being loaded)."""
    values = np.array(seconds[2:]) * 1000
    return {
        "events": len(values),
        "median_ms": round(float(np.median(values)), 2),
        "p95_ms": round(float(np.percentile(values, 95)), 2),
        "most_ms": round(float(values.max()), 2),
    }


def engine(field: Field, events: int, counts: list[int], brush: float) -> list[Figures]:
    """Times of the engine alone."""
    from engine.edit.canonical import canonical_picture
    from engine.paint.reveal import from_canonical

    rows = []
    plate = Picture.of(smooth(*FRAME, 5))
    blocks = Blocks(seen_layer(FrameView(field, 1), 0))
    # What ``codef propagate`` does, less what a stroke gets when it is done.
    finish = replace(FULL_FINISH, focus=0.0)
    for scale in SCALES:
        picture = canonical_picture(field, 0, scale=scale)
        d = picture.data
        origin = (d.x0, d.y0)
        bounds = (d.x0, d.y0, d.x1, d.y1)
        revealed = from_canonical(field, 0, FRAMES[1], plate, bounds, scale)
        for count in counts:
            below = paint(earlier_strokes(count), picture.pixels, origin, scale=scale)
            kinds = KINDS if count == counts[-1] else ("brush",)
            for kind in kinds:
                # The brush is as large on the canvas whatever its scale.
                stroke = StrokeSession(
                    header(kind, brush / scale), picture.pixels, below.overlay, origin,
                    scale=scale, reveal=show_always(revealed),
                )  # fmt: skip
                around = TiledSurroundings(FrameView(field, 1), plate, finish)
                around.place((slice(0, 1), slice(0, 1)))
                follower = FrameFollower(
                    field, 0, 1, blocks, plate, plate.pixels, stroke.paint, stroke.bounds,
                    origin, (scale, scale), around=around,
                )  # fmt: skip
                canonical, frame = [], []
                for point in spiral(events):
                    start = time.perf_counter()
                    box = stroke.extend([point])
                    if box is not None:
                        stroke.picture(box)
                    middle = time.perf_counter()
                    if box is not None:
                        follower.update(box)
                    canonical.append(middle - start)
                    frame.append(time.perf_counter() - start)
                rows.append(
                    {
                        "where": "engine",
                        "kind": kind,
                        "canvas": f"{d.width}x{d.height}",
                        "strokes": count,
                        "canonical": summary(canonical),
                        "frame": summary(frame),
                    }
                )
                show(rows[-1])
    return rows


def tree_of(strokes: list[Figures], scale: int) -> Figures:
    """The usual chain."""

    def node(kind: str, wires: Figures, **knobs: Any) -> Figures:
        return {"type": kind, "version": 1, "knobs": knobs, "inputs": wires}

    return {
        "codef": {"schema": 1},
        "settings": {},
        "nodes": {
            "Clip": node("LoadSequence", {}, file="clip"),
            "Fit": node("LoadField", {}, folder="F"),
            "Still": node("CanonicalView", {"field": "Fit"}, scale=float(scale)),
            "Paint": node("Paint", {"image": "Still", "field": "Fit"}, strokes=strokes),
            "Out": node("Propagate", {"source": "Clip", "field": "Fit", "edit": ["Paint"]}),
        },
    }


class Asker:
    """What the window does: asks, maps the pixels, releases them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ask(self, verb: str, **args: Any) -> Figures:
        """One request, waited for."""
        return self._client.request(verb, args).result(120)

    def draw(self, session: str, point: list[float]) -> tuple[float, float, bool]:
        """One pen report; when the pixels of the canonical and of the frame are there.

        Returns:
            Seconds of each from now on, and whether there were any of the frame.
        """
        seconds: list[float] = []

        def event(name: str, data: Figures) -> None:
            if name == "painted":
                self.take(data["picture"])
                seconds.append(time.perf_counter() - start)

        start = time.perf_counter()
        args = {"session": session, "points": [point]}
        self._client.request("paint.extend", args, event=event).result(120)
        answer = self.ask("paint.follow", session=session)
        followed = self.take(answer["picture"]) > 0
        end = time.perf_counter() - start
        return (seconds[0] if seconds else end), end, followed

    def take(self, picture: Figures | None) -> int:
        """Maps a picture, reads it, and says that it is done with it."""
        if picture is None:
            return 0
        pixels = np.memmap(picture["file"], np.float32, "r", shape=tuple(picture["shape"]))
        size = int(np.array(pixels).nbytes)
        self._client.request("release", {"file": picture["file"]})
        return size


def worker(folder: Path, events: int, counts: list[int], brush: float) -> list[Figures]:
    """Times through a real worker."""
    rows = []
    client = Client("view", cache_dir=folder / "cache")
    try:
        client.wait_ready()
        window = Asker(client)
        for scale in SCALES:
            for count in counts:
                tree = tree_of(earlier_strokes(count), scale)
                window.ask("open", tree=tree, path=str(folder / "shot.codef"))
                for name in ("Paint", "Out"):
                    shown = window.ask("view", node=name, frame=FRAMES[1], slot=name, scale=1)
                    window.take(shown["picture"])
                row: Figures = {
                    "where": "worker",
                    "kind": "brush",
                    "canvas": f"{CANVAS[0] * scale}x{CANVAS[1] * scale}",
                    "strokes": count,
                }
                look = {"region": None, "scale": 1}
                begun: Figures = {}
                follow = {"node": "Out", "frame": FRAMES[1], **look}
                start = time.perf_counter()
                begun = window.ask(
                    "paint.begin", node="Paint", frame=FRAMES[1], view=look,
                    stroke=header("brush", brush / scale), follow=follow,
                )  # fmt: skip
                row["begin_ms"] = round((time.perf_counter() - start) * 1000, 1)
                canonical, frame = [], []
                for point in spiral(events):
                    first, second, followed = window.draw(begun["session"], point)
                    if not followed:
                        raise SystemExit(f"the frame did not follow: {begun['note']}")
                    canonical.append(first)
                    frame.append(second)
                row |= {"canonical": summary(canonical), "frame": summary(frame)}
                row["first_ms"] = [round(1000 * each[0], 1) for each in (canonical, frame)]
                start = time.perf_counter()
                window.ask("paint.end", session=begun["session"])
                row["end_ms"] = round((time.perf_counter() - start) * 1000, 1)
                done = {**header("brush", brush / scale), "points": spiral(events)}
                added = Splice(("nodes", "Paint", "knobs", "strokes"), count, [], [done])
                start = time.perf_counter()
                window.ask("edit", edits=edits_to_json([added]))
                begun = window.ask(
                    "paint.begin", node="Paint", frame=FRAMES[1], view=look,
                    stroke=header("brush", brush / scale), follow=follow,
                )  # fmt: skip
                row["next_begin_ms"] = round((time.perf_counter() - start) * 1000, 1)
                window.ask("paint.abort", session=begun["session"])
                rows.append(row)
                show(row)
    finally:
        client.close()
    return rows


def window(folder: Path, events: int, counts: list[int], brush: float) -> list[Figures]:
    """Times in the real window."""
    from benchmarks.window_latency import Desk

    rows = []
    desk = Desk(folder)
    try:
        # The loops are loaded by the first stroke of a session.
        warm = tree_of(earlier_strokes(1), 1)
        desk.stroke(warm, FRAMES[1], spiral(40), brush, lambda a, b: {})
        for scale in SCALES:
            for count in counts:
                row: Figures = {
                    "where": "window",
                    "kind": "brush",
                    "canvas": f"{CANVAS[0] * scale}x{CANVAS[1] * scale}",
                    "strokes": count,
                }
                tree = tree_of(earlier_strokes(count), scale)
                row |= desk.stroke(
                    tree, FRAMES[1], spiral(events), brush / scale,
                    lambda a, b: {"canonical": summary(a), "frame": summary(b)},
                )  # fmt: skip
                rows.append(row)
                show(row)
    finally:
        desk.close()
    return rows


def show(row: Figures) -> None:
    """One line of the table."""
    figures = "".join(
        f"{row[name]['median_ms']:>9.1f}{row[name]['p95_ms']:>8.1f}"
        for name in ("canonical", "frame")
    )
    print(
        f"{row['where']:<8}{row['kind']:<8}{row['canvas']:<11}{row['strokes']:>8}{figures}",
        flush=True,
    )


def prepare(folder: Path) -> Field:
    """Writes the clip and the fit; returns the fit."""
    field = bent_field()
    (folder / "clip").mkdir(parents=True)
    for n, frame in enumerate(FRAMES):
        plate = Picture.of(np.clip(smooth(*FRAME, 5 + n), 0, 1))
        write_picture(folder / "clip" / f"shot.{frame}.png", plate, WriteOptions(bits=8))
    field.source = {"path": str(folder / "clip")}
    return save_field(field, folder / "F")


def main() -> int:
    """Prints the table and writes the JSON file."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.edit_latency",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=int, default=200, help="pen reports of a stroke")
    parser.add_argument("--strokes", type=int, nargs="+", default=[10, 1000])
    parser.add_argument("--brush", type=float, default=150.0, help="diameter in canvas pixels")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measurements")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    output = options.output or ROOT / "benchmarks" / "results" / "edit_latency.json"
    head = f"{'':<8}{'kind':<8}{'canvas':<11}{'strokes':>8}"
    print(f"{head}{'canonical ms':>17}{'with frame ms':>17}")
    print(f"{'':<{len(head)}}{'median':>9}{'p95':>8}{'median':>9}{'p95':>8}")
    with tempfile.TemporaryDirectory(prefix="codef-latency-") as name:
        folder = Path(name)
        field = prepare(folder)
        rows = []
        if "window" in options.only:
            rows += window(folder, options.events, options.strokes, options.brush)
        if "worker" in options.only:
            rows += worker(folder, options.events, options.strokes, options.brush)
        if "engine" in options.only:
            rows += engine(field, options.events, options.strokes, options.brush)
    result = {
        "frame": f"{FRAME[0]}x{FRAME[1]}",
        "brush": options.brush,
        "rows": rows,
    }
    record(output, result)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
