"""Points on legs that cross: ``python -m benchmarks.limbs`` walks animals whose truth is known.

The field is a poor one on purpose: the whole animal goes with its body, as a fit has it that lost
every leg. So what the tracks make of the legs, they have from the plate. Joints are asked for where
they are first seen and counted where they are seen later, hit within a fifth of the root of the
animal's area (BADJA's measure) and within a twentieth; TAP-Vid's figures count visibility too.
"""

import argparse
import time
from typing import Any

import numpy as np

from benchmarks.fit import RESULTS
from benchmarks.machine import record
from benchmarks.synthetic.walker import HEIGHT, WIDTH, Joints, Shot, Walker
from engine.colour.encoding import decode
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.fields.lattice import LatticeDeformation
from engine.io.picture import Picture, Window
from engine.kernels.lattice import grid_shape
from engine.metrics.carried import carried_points
from engine.metrics.tracking import first_sight, share_within, tap_vid

SPACING = 64
#: Shares of the root of the area within which a joint is hit.
REACHES = {"share": 0.2, "share_close": 0.05}


def body_field(walker: Walker, shots: list[Shot]) -> Field:
    """A field in which the animal goes with its body and the ground with itself."""
    data = Window.of_size(WIDTH, HEIGHT)
    count = len(shots)
    still = np.vstack([walker.body(0), [0, 0, 1]])
    animal = [still @ np.linalg.inv(np.vstack([walker.body(t), [0, 0, 1]])) for t in range(count)]
    ground = [np.array([[1, 0, -walker.ground(t)], [0, 1, 0], [0, 0, 1]]) for t in range(count)]
    canvas = Window(-400, -100, WIDTH + 400, HEIGHT + 100)
    picture = np.zeros((canvas.height, canvas.width, 4), np.float32)
    layers = []
    for name, matrices in (("animal", animal), ("ground", ground)):
        lattices = np.zeros((count, *grid_shape(HEIGHT, WIDTH, SPACING), 2), np.float32)
        deformation = LatticeDeformation(np.stack(matrices), lattices, SPACING, data)
        layers.append(Layer(name, deformation, Canonical(picture, canvas)))
    packed = [Masks.pack(np.where(shot.mask, 255, 0).astype(np.uint8)) for shot in shots]
    masks = Masks(HEIGHT, WIDTH, [packed])
    return Field(tuple(range(count)), data, data, layers, masks, 0, "body")


def measured(walker: Walker, shots: list[Shot], truth: Joints, *, look: bool) -> dict[str, Any]:
    """The figures of one walk."""
    field = body_field(walker, shots)

    def plate(frame: int) -> Picture:
        return Picture.of(decode(np.repeat(shots[frame].grey[..., None], 3, axis=2)))

    starts, counted = first_sight(truth.visible)
    asked = truth.points[np.arange(len(starts)), starts]
    began = time.process_time()
    found = carried_points(field, starts, asked, plate=plate if look else None)
    seconds = time.process_time() - began
    areas = [float(shot.mask.sum()) for shot in shots]
    later = np.asarray(np.arange(len(shots))[None, :] > np.asarray(starts)[:, None], np.bool_)
    vid = tap_vid(truth.points, truth.visible, found.points, found.visible, later, (WIDTH, HEIGHT))
    shares = {
        name: round(share_within(truth.points, found.points, counted, areas, part), 4)
        for name, part in REACHES.items()
    }
    return {
        "seed": walker.seed,
        "look": look,
        "joints": int(counted.sum()),
        **shares,
        "delta": round(vid.delta, 4),
        "occlusion_accuracy": round(vid.occlusion_accuracy, 4),
        "jaccard": round(vid.jaccard, 4),
        "processor_seconds": round(seconds, 1),
    }


def main() -> int:
    """Reads the command line, walks, prints the table and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limbs", description=__doc__)
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3, 4, 5, 6])
    parser.add_argument("--frames", type=int, default=60)
    options = parser.parse_args()
    rows = []
    for seed in options.seeds:
        walker = Walker(seed, options.frames)
        shots = [walker.shot(index) for index in range(options.frames)]
        truth = walker.joints(shots)
        for look in (False, True):
            row = measured(walker, shots, truth, look=look)
            rows.append(row)
            print(
                f"walk {seed} {'with the plate' if look else 'the field alone':<15} "
                f"{100 * row['share']:5.1f} % ({100 * row['share_close']:4.1f} % close) of "
                f"{row['joints']} joints  delta {row['delta']:.3f}  OA "
                f"{row['occlusion_accuracy']:.3f}  AJ {row['jaccard']:.3f}  "
                f"{row['processor_seconds']:.1f} s",
                flush=True,
            )
    means = {
        ("with the plate" if look else "the field alone"): {
            name: round(float(np.mean([row[name] for row in rows if row["look"] is look])), 4)
            for name in (*REACHES, "delta", "occlusion_accuracy", "jaccard")
        }
        for look in (False, True)
    }
    for name, figures in means.items():
        print(f"mean {name}: {figures}")
    record(RESULTS / "limbs.json", {"means": means, "rows": rows})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
