"""What pins cost and keep: ``python -m benchmarks.pins FIELD...``.

On each field, pins are set at random: a visible point of the front layer, in a random frame, is
dragged by 4 to 30 pixels. Told are the seconds until the pinned frame can be drawn and until all
frames can, how far from its place the point lands, how many pixels beyond the radius moved (bit for
bit), and how many pixels were turned over where the fit has no fold. Fields of several segments are
pinned on the still of the frame.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import record
from engine.arrays import F32
from engine.fields.field import Field
from engine.fields.folder import load_field
from engine.linked.field import segment_at, view_at
from engine.metrics.folding import determinants
from engine.pins.apply import pinned
from engine.pins.pin import Pin
from engine.warp.inverse import FrameInverse

RESULTS = Path(__file__).resolve().parent / "results"
_FARTHEST = 30.0


def random_pin(field: Field, rng: np.random.Generator) -> Pin:
    """A visible point of the front layer, dragged somewhere."""
    index = int(rng.integers(len(field.frames)))
    segment, field = segment_at(field, index), view_at(field, index)
    rows, columns = np.nonzero(field.seen(index)[0] > 0.99)
    n = int(rng.integers(len(rows)))
    place = np.array([[columns[n] + 0.5, rows[n] + 0.5]], np.float32)
    place += np.array([field.data.x0, field.data.y0], np.float32)
    x, y = field.layers[0].deformation.at(index, place)[0].tolist()
    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(4, _FARTHEST)
    target = place[0] + far * np.array([np.cos(angle), np.sin(angle)])
    # Nobody drags a point out of the picture.
    data = field.data
    target = np.clip(target, [data.x0 + 1, data.y0 + 1], [data.x1 - 1, data.y1 - 1])
    keys = {field.frames[index]: (float(target[0]), float(target[1]))}
    reach = max(64.0, 2 * far)
    return Pin("pin", (x, y), keys, field.layers[0].name, radius=reach, segment=segment)


def trial(field: Field, pin: Pin) -> dict[str, Any]:
    """One pin."""
    ((frame, place),) = pin.keys.items()
    index = field.index(frame)
    # Of a long shot the still that the pin is on is looked at.
    base: F32 = view_at(field, index).layers[0].deformation.positions(index)
    began = time.perf_counter()
    after = view_at(pinned(field, [pin]), index)
    deformation = after.layers[0].deformation
    drawn = deformation.positions(index)
    shown = time.perf_counter() - began
    for each in range(len(field.frames)):
        deformation.positions(each)
    everything = time.perf_counter() - began
    target, near = np.array([pin.canonical], np.float32), np.array([place], np.float32)
    found = FrameInverse(after, 0, index).find(target, near)
    rows, columns = np.mgrid[0 : field.height, 0 : field.width]
    away = np.hypot(columns + 0.5 + field.data.x0 - place[0], rows + 0.5 + field.data.y0 - place[1])
    moved = (base != drawn).any(axis=2)
    # A fold that the fit has within the radius is moved and stretched with the rest: not counted.
    inside = (away < pin.radius)[:-1, :-1]
    folded = bool((determinants(base)[inside] <= 0).any())
    turned = 0 if folded else int((determinants(drawn)[inside] <= 0).sum())
    return {
        "seconds": shown,
        "seconds_all": everything,
        "error": float(np.hypot(*(found.points[0] - near[0]))),
        "beyond": int((moved & (away >= pin.radius)).sum()),
        "turned": turned,
        "folded": int(folded),
    }


def main() -> int:
    """Reads the command line, measures, prints and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pins", description=__doc__)
    parser.add_argument("fields", nargs="+", type=Path, metavar="FIELD")
    parser.add_argument("--trials", type=int, default=40)
    options = parser.parse_args()
    rows = []
    for folder in options.fields:
        field, rng = load_field(folder), np.random.default_rng(0)
        trial(field, random_pin(field, rng))  # compiles and loads what it needs
        found = [trial(field, random_pin(field, rng)) for _ in range(options.trials)]
        rows.append(
            {
                "field": folder.name,
                "size": f"{field.width}x{field.height}",
                "frames": len(field.frames),
                "pins": len(found),
                "pins_on_folds": sum(f["folded"] for f in found),
                **{
                    f"worst_{name}": round(max(f[name] for f in found), 4)
                    for name in ("seconds", "seconds_all", "error", "beyond", "turned")
                },
                "median_error": round(float(np.median([f["error"] for f in found])), 4),
                "median_seconds": round(float(np.median([f["seconds"] for f in found])), 4),
            }
        )
        row = rows[-1]
        print(
            f"{row['field']:<12} {row['size']:>9} {row['pins']} pins: frame after "
            f"{row['median_seconds']:.3f} s (at most {row['worst_seconds']:.3f}), all "
            f"{row['frames']} after {row['worst_seconds_all']:.2f} s; off by at most "
            f"{row['worst_error']:.3f} px; beyond the radius {row['worst_beyond']} px moved; "
            f"{row['worst_turned']} px turned over",
            flush=True,
        )
    record(RESULTS / "pins.json", {"rows": rows})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
