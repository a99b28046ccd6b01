"""``seeded`` against ``paper`` in the same run: ``python -m benchmarks.versus [CLIP]``.

Both fit the same clip, one after the other, each a process of its own. ``seeded`` gets
``--seconds`` and is measured on the frames that it writes. ``paper`` gets ``--ratio`` times as long
as ``seeded`` took to ``--goal`` dB, at least ``--seconds`` and at most ``--limit``; it is stopped
when it gets there, and not there by then counts. Its figure at equal time (that of ``seeded`` where
it ran over, on a busy machine) is the best of its own estimates by then, which asks the networks
instead of the drawn still and so is a little kind to it.

CLIP is a clip (``CLIP/frames``) or a folder of clips, of which ``portrait`` is taken where there is
one, else the first; without CLIP the demonstration's. With the defaults it takes 60 seconds for
``seeded``, 1 to 5 minutes for ``paper`` and a minute to draw what it has. Writes a JSON and the two
curves as a picture.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.child import run
from benchmarks.curves import best_by, thinned, time_to
from benchmarks.fit import RESULTS, Clip, clips_in, codef
from benchmarks.machine import record
from benchmarks.plot import Curve, draw_curves
from benchmarks.stick import mean_psnr
from engine.io.clip import open_clip


def fitted(clip: Clip, recipe: str, folder: Path, *flags: str) -> dict[str, Any]:
    """Fits a clip; the report with the curve, and the wall-clock seconds as ``wall``."""
    masks = [word for mask in clip.masks for word in ("--masks", mask)]
    ended = run("fit", clip.frames, *masks, "--recipe", recipe, *flags, "-o", folder)
    return {**ended.answer, "wall": round(ended.seconds, 1), "peak_gib": ended.peak_gib}


def paper_until(clip: Clip, seconds: float, stop: float, folder: Path) -> dict[str, Any]:
    """``paper`` for so long in its loop (drawing comes on top), or until so many dB."""
    words = ("--seconds", f"{seconds:.1f}", "--set", "finish_share=0")
    return fitted(clip, "paper", folder, *words, "--set", f"stop_at_psnr={stop}")


def reached_at(report: dict[str, Any], measured: float, goal: float) -> float | None:
    """Seconds to a figure: by the curve, else at the end where the measured figure has it."""
    during = time_to(report["psnr_curve"], goal)
    if during is None and measured >= goal:
        return float(report["wall"])
    return during


def compare(
    clip: Clip, seconds: float, goal: float, ratio: float, limit: float, folder: Path
) -> dict[str, Any]:
    """Runs both and says how far apart they are.

    Returns:
        ``gap_db`` at equal time; ``seconds_to_goal`` of each (None: never); ``ratio`` of the two,
        a lower bound where ``paper`` never came there (``ratio_is_at_least``); the curves.
    """
    ours = fitted(clip, "seeded", folder / "seeded", "--seconds", str(seconds))
    codef("reconstruct", folder / "seeded", "--edit-path", "-o", folder / "drawn" / "f.%05d.png")
    measured = mean_psnr(open_clip(str(folder / "drawn")), open_clip(str(clip.frames)))
    reached = reached_at(ours, measured, goal)
    even = max(seconds, ours["wall"])
    patience = max(even, min(limit, ratio * (reached or even)))
    theirs = paper_until(clip, patience, goal, folder / "paper")
    there = time_to(theirs["psnr_curve"], goal)
    equal = theirs
    if there is not None and there < even:
        # Stopped too early to say what it is like at equal time.
        equal = paper_until(clip, even, 0, folder / "paper_on")
    kind = best_by(equal["psnr_curve"], even)
    tried = theirs["psnr_curve"][-1][0] if theirs["psnr_curve"] else patience
    return {
        "clip": clip.name,
        "size": f"{ours['width']}x{ours['height']}",
        "frames": ours["frames"],
        "seconds": even,
        "goal": goal,
        "seeded": {
            "psnr_edit_path": measured,
            "seconds_to_goal": reached,
            "steps": ours["steps"],
            "wall": ours["wall"],
            "curve": thinned(ours["psnr_curve"]),
        },
        "paper": {
            "psnr_at_equal_time": kind,
            "seconds_to_goal": there,
            "tried_for_seconds": tried,
            "steps": theirs["steps"],
            "psnr_edit_path_at_its_end": round(theirs["psnr_edit_path"], 2),
            "wall": theirs["wall"],
            "curve": thinned(theirs["psnr_curve"]),
        },
        "gap_db": None if kind is None else round(measured - kind, 2),
        "ratio": None if reached is None else round((there or tried) / reached, 1),
        "ratio_is_at_least": there is None,
    }


def said(found: dict[str, Any]) -> str:
    """The outcome in two sentences."""
    ours, theirs, goal = found["seeded"], found["paper"], found["goal"]
    kind = theirs["psnr_at_equal_time"]
    lines = [
        f"{found['clip']} {found['size']}, {found['frames']} frames, {found['seconds']:.0f} s: "
        f"seeded {ours['psnr_edit_path']:.2f} dB, paper "
        + ("not one step" if kind is None else f"{kind:.2f} dB, {found['gap_db']:.2f} dB apart")
    ]
    if ours["seconds_to_goal"] is None:
        lines.append(f"{goal:g} dB: seeded did not get there")
    else:
        came = theirs["seconds_to_goal"]
        late = f"not after {theirs['tried_for_seconds']:.0f} s" if came is None else f"{came:.0f} s"
        more = "more than " if found["ratio_is_at_least"] else ""
        lines.append(
            f"{goal:g} dB: seeded after {ours['seconds_to_goal']:.1f} s, paper {late}: "
            f"{more}{found['ratio']:.0f} times as long"
        )
    return "\n".join(lines)


def main() -> int:
    """Reads the command line, runs both, prints, writes JSON and picture."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.versus",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("clip", type=Path, nargs="?", help="a clip, or a folder of clips")
    parser.add_argument("--seconds", type=float, default=60.0, help="of both, for the gap")
    parser.add_argument("--goal", type=float, default=30.0, help="dB")
    parser.add_argument("--ratio", type=float, default=50.0, help="how much longer paper may take")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds of paper at most")
    options = parser.parse_args()
    clips = clips_in(options.clip)
    clip = next((c for c in clips if c.name == "portrait"), clips[0])
    with tempfile.TemporaryDirectory() as name:
        found = compare(
            clip, options.seconds, options.goal, options.ratio, options.limit, Path(name)
        )
    print(said(found), flush=True)
    target = RESULTS / f"versus_{clip.name}_{options.seconds:g}s.json"
    record(target, found)
    ours, theirs = found["seeded"], found["paper"]
    curves = [
        Curve(clip.name, "seeded", ours["curve"], (ours["wall"], ours["psnr_edit_path"])),
        Curve(clip.name, "paper", theirs["curve"], None),
    ]
    drawn = [curve for curve in curves if curve.points or curve.end]
    picture = draw_curves(drawn, target.with_suffix(".png"), options.goal)
    print(f"wrote {picture}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
