"""Gathers what the demonstration rendered: figures, and pictures for the contact sheet."""

import json
import re
from pathlib import Path

import numpy as np

from codef_nodes.demo.contact_sheet import contact_sheet
from codef_nodes.demo.footage import Footage
from engine.arrays import F32, U8
from engine.errors import InputError

RESULTS = 5  # frames of the result on the sheet
TITLES = {"city": "City at night", "balloon": "Balloon over the hills"}


def display_codes(pixels: F32) -> U8:
    """Straight 8-bit sRGB of premultiplied scene-linear [H, W, 3 or 4]; alpha stays linear."""
    from engine.colour.encoding import to_display8

    if pixels.shape[2] == 3:
        return to_display8(pixels)
    alpha = pixels[..., 3:]
    straight = pixels[..., :3] / np.maximum(alpha, 1e-6)
    coverage = np.rint(np.clip(np.nan_to_num(alpha), 0, 1) * 255).astype(np.uint8)
    return np.concatenate([to_display8(straight), coverage], axis=2)


def picture(path: Path) -> U8:
    """A picture file as the sheet wants it; of several layers, the one that covers most.

    Raises:
        InputError: The file is absent or cannot be read.
    """
    from engine.io.read import read_parts

    shown = [display_codes(part.pixels) for _, part in read_parts(path)]
    return max(shown, key=lambda codes: float(codes[..., 3].mean()) if codes.shape[2] > 3 else 255)


def result_frames(folder: Path, name: str) -> dict[int, Path]:
    """Frame number to file, of ``NAME.0000.exr`` and so on, ascending."""
    found = {}
    for path in folder.glob(f"{name}.*.exr"):
        if match := re.fullmatch(r".*\.(\d+)\.exr", path.name):
            found[int(match[1])] = path
    return dict(sorted(found.items()))


def spread(numbers: list[int], count: int) -> list[int]:
    """``count`` of the numbers, evenly spread, the first and the last among them."""
    if len(numbers) <= count:
        return numbers
    return [numbers[round(k * (len(numbers) - 1) / (count - 1))] for k in range(count)]


def fit_report(folder: Path, footage: Footage) -> dict[str, float]:
    """Figures of the newest finished fit of a clip beside its document; empty when there is none.

    The folder may hold fits of both clips; a field tells which one it was made of.
    """
    newest: dict[str, float] = {}
    for path in sorted(folder.glob("*_fit_v*/field.json")):
        field = json.loads(path.read_text("utf-8"))
        source = str((field.get("source") or {}).get("path", ""))
        if source.replace("\\", "/").rpartition("/")[2] == footage.pattern.name:
            report = field.get("report") or {}
            newest = {k: float(v) for k, v in report.items() if isinstance(v, int | float)}
    return newest


def facts(footage: Footage, report: dict[str, float]) -> str:
    """One line about the shot for the head of the sheet."""
    frames = footage.last - footage.first + 1
    words = [f"{frames} frames"]
    if "width" in report and "height" in report:
        words.insert(0, f"{report['width']:.0f} x {report['height']:.0f}")
    if "seconds" in report:
        words.append(f"fitted in {report['seconds']:.0f} s")
    if "psnr_edit_path" in report:
        words.append(f"{report['psnr_edit_path']:.1f} dB through the canonical image")
    return " · ".join(words)


def sheet(folder: Path, footage: Footage) -> Path:
    """Writes ``contact_sheet.png`` from what lies in ``folder``.

    Args:
        folder: Holds ``canonical.exr``, ``edited.exr`` and ``result/NAME.%04d.exr``.
        footage: The clip that was edited.

    Raises:
        InputError: The render left one of them out.
    """
    frames = result_frames(folder / "result", footage.name)
    if not frames:
        raise InputError(
            f"{folder / 'result'} holds no frame of {footage.name}; run the demonstration again",
            file=folder / "result",
        )
    chosen = spread(list(frames), RESULTS)
    middle = chosen[len(chosen) // 2]
    return contact_sheet(
        folder / "contact_sheet.png",
        picture(footage.frame(middle)),
        picture(folder / "canonical.exr"),
        picture(folder / "edited.exr"),
        [(number, picture(frames[number])) for number in chosen],
        title=TITLES[footage.name],
        note=facts(footage, fit_report(folder, footage)),
        source_note=f"frame {middle} of {footage.first}-{footage.last}",
    )
