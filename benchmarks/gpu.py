"""What an NVIDIA card reaches: ``python -m benchmarks.gpu [CLIP.npz ...] [-o FILE]``.

Prints and writes one JSON object, in less than eight minutes:

1. the card, and its ceilings, measured: bytes copied, products of halves, additions to a table;
2. each kernel at the size of a frame of 854 x 480, with the share of the ceiling that bounds it;
3. the default fit (``seeded``) of every clip, matching included: seconds to 30 dB and to the end;
4. propagation at 480p, 1080p and 2160p, as ``codef propagate`` has it: frames per second with the
   plate on the card, and from our own memory back into it;
5. latency: from a new stroke on the still to the refreshed frame in our own memory;
6. the published fit (``paper``) of the first clip, its flow included: seconds to 30 dB and for
   10 000 steps with ``stored_next``, its PSNR; and what a step costs exactly as published.

CLIP.npz holds ``frames``, uint8 [T, H, W, 3], and perhaps ``masks``, uint8 [K, T, H, W], front to
back; ``python -m benchmarks.pack`` makes it of a folder. Without one a clip of 100 frames is made
up: a textured plane under a moving camera. Needs numpy and torch, and Triton for its kernels.
Without a card it says so, tells what it would measure, and writes nothing. ``--smoke`` does all of
it on a few pixels, on any device: no figure of that means anything, but nothing is left untried.
"""

import argparse
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.gpu_bench import SIZES, Bench, ceilings
from benchmarks.gpu_kernels import measure_kernels
from benchmarks.gpu_paper import ALL_LEVELS, measure_paper
from benchmarks.gpu_propagation import measure_propagation
from benchmarks.gpu_seeded import measure_seeded
from benchmarks.machine import describe, installed
from engine.arrays import U8
from engine.kernels.backends.choose import report

RESULTS = Path(__file__).parent / "results"
#: Seconds that all of it may take, and that are kept for what follows the default fits.
LIMIT, KEPT = 460.0, 150.0
#: Seconds of one default fit at most, and steps of the published one exactly as published.
LONGEST, PUBLISHED = 60.0, 300
PLAN = (
    "ceilings: bytes copied, products of halves and additions to a table per second",
    "kernels: hash grids, networks, lattice, reading, Adam, the visit of a seeded fit and its "
    "step, flow; each against its ceiling",
    "the default fit, matching included: seconds to 30 dB and to the end",
    "propagation: frames per second at " + ", ".join(SIZES),
    "latency: stroke to refreshed frame at " + ", ".join(SIZES),
    "the published fit: seconds to 30 dB and for 10 000 steps",
)
#: Numbers of the published fit for ``--smoke``.
SMALL_PAPER = {"tile": 64, "canonical_log2_entries": 8, "deformation_log2_entries": 8}
Clip = tuple[U8, U8 | None]


def made_up_clip(frames: int, height: int, width: int) -> U8:
    """A textured plane under a camera that moves, [T, H, W, 3]."""
    random = np.random.default_rng(0)
    waves = random.uniform(-0.35, 0.35, (40, 2)).astype(np.float32)
    phases = random.uniform(0, 6.28, (40, 3)).astype(np.float32)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    clip = np.empty((frames, height, width, 3), np.uint8)
    for t in range(frames):
        u, v = x * (1 + 0.0005 * t) + 1.5 * t, y + 6 * np.sin(t / 9)
        total = np.zeros((height, width, 3), np.float32)
        for (a, b), phase in zip(waves, phases, strict=True):
            total += np.sin((a * u + b * v)[..., None] + phase) / (1 + 40 * np.hypot(a, b))
        clip[t] = np.clip(128 + 60 * total, 0, 255).astype(np.uint8)
    return clip


def card(device: torch.device) -> dict[str, Any]:
    """What the card is, and what drives it."""
    found: dict[str, Any] = {"device": str(device), "triton": installed("triton")}
    if device.type == "cuda":
        told = torch.cuda.get_device_properties(device)
        found |= {
            "name": told.name,
            "capability": f"{told.major}.{told.minor}",
            "memory_gib": round(told.total_memory / 2**30, 1),
            "multiprocessors": told.multi_processor_count,
            "cuda": torch.version.cuda,
        }
    return found


def short_name(name: str) -> str:
    """What people call a card: ``h200`` of NVIDIA H200, ``h100`` of NVIDIA H100 80GB HBM3."""
    words: list[str] = re.findall(r"[a-z0-9]+", name.lower())
    models = [word for word in words if len(re.findall(r"\d", word)) > 1 and word[-2:] != "gb"]
    return models[0] if models else words[-1]


def _clips(files: list[Path], smoke: bool) -> dict[str, Clip]:
    """Name to frames and masks of the clips that are fitted."""
    if smoke:
        frames = made_up_clip(3, 34, 40)
        masks = np.zeros((1, 3, 34, 40), np.uint8)
        masks[:, :, 8:20, 10:28] = 255
        return {"made up": (frames, None), "made up, two groups": (frames, masks)}
    if not files:
        return {"made up": (made_up_clip(100, *SIZES["480p"]), None)}
    found: dict[str, Clip] = {}
    for file in files:
        held = np.load(file, allow_pickle=False)
        found[file.stem] = held["frames"], held.get("masks")
    return found


def _shown(found: dict[str, Any]) -> str:
    return json.dumps({key: found[key] for key in found if key != "curve"})


def measure(bench: Bench, clips: dict[str, Clip], fit_seconds: float) -> dict[str, Any]:
    """Everything, printed as it comes."""
    began = time.monotonic()

    def left() -> float:
        return LIMIT - (time.monotonic() - began)

    side = (1, 64) if bench.smoke else (1024, 8192)
    bench.ceilings = ceilings(bench, *side)
    answer: dict[str, Any] = {
        "machine": describe(),
        "card": card(bench.device),
        "smoke": bench.smoke,
        "kernels": dict(bench.kernels.of),
        "problems": {each.name: each.problem for each in report(bench.device) if each.problem},
        "ceilings": {
            "copy_gb_per_s": round(bench.ceilings["bytes"] / 1e9, 1),
            "products_of_halves_tflops": round(bench.ceilings["flops"] / 1e12, 1),
            "additions_g_per_s": round(bench.ceilings["additions"] / 1e9, 2),
        },
    }
    print(json.dumps(answer["card"] | answer["ceilings"]), flush=True)
    answer["frame"] = measure_kernels(bench)
    for name, figure in answer["frame"].items():
        print(f"{name:40} {figure}", flush=True)
    answer["seeded"] = {}
    for name, (frames, masks) in clips.items():
        if left() < KEPT:
            answer["seeded"][name] = None
            print(f"{name} is left out: no time is left for it", flush=True)
            continue
        found = measure_seeded(bench.device, frames, masks, LONGEST, 3 if bench.smoke else None)
        answer["seeded"][name] = found
        print(name, _shown(found), flush=True)
    answer["propagation"] = {name: measure_propagation(bench, name) for name in SIZES}
    print(json.dumps(answer["propagation"]), flush=True)
    frames = next(iter(clips.values()))[0]
    few = SMALL_PAPER if bench.smoke else {}
    for name, steps, numbers in (
        ("paper exactly as published", PUBLISHED, ALL_LEVELS),
        ("paper", 10_000, {"stored_next": True}),
    ):
        seconds = min(fit_seconds, left() if name == "paper" else left() / 4)
        answer[name] = measure_paper(
            bench.device, frames, 2 if bench.smoke else steps, seconds, **numbers, **few
        )
        print(name, _shown(answer[name]), flush=True)
    answer["seconds"] = round(time.monotonic() - began, 1)
    return answer


def main(arguments: list[str]) -> int:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("clips", nargs="*", type=Path, metavar="CLIP.npz")
    parser.add_argument("--device", default="", help="cuda or cuda:N; with --smoke cpu too")
    parser.add_argument("--fit-seconds", type=float, default=180.0, help="for the published fit")
    parser.add_argument("--smoke", action="store_true", help="all of it on a few pixels")
    parser.add_argument("-o", "--output", type=Path, help="file to write")
    options = parser.parse_args(arguments)
    there = torch.cuda.is_available()
    if not there and not options.smoke:
        print("There is no NVIDIA card here, so nothing was measured. It would measure:")
        print("\n".join(f"  {line}" for line in PLAN))
        return 0
    device = torch.device(options.device or ("cuda" if there else "cpu"))
    bench = Bench(device)
    if options.smoke:
        bench = Bench(device, size=(16, 24), least=1e-6, smoke=True)
    answer = measure(bench, _clips(options.clips, options.smoke), options.fit_seconds)
    target = options.output
    if target is None and not options.smoke:
        target = RESULTS / f"gpu_{short_name(torch.cuda.get_device_name(device))}.json"
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
