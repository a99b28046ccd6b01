"""Flow that other programs computed, matched to the clip's frames."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.arrays import F32
from engine.errors import InputError, UsageError
from engine.flow.confidence import confidence_of, sample_flow
from engine.flow.files import names_both_directions, read_flow, read_npy_confidence
from engine.flow.pair import FlowPair

NUMBERINGS = ("auto", "frame", "index")
_KINDS = (".flo", ".npy", ".exr", ".tif", ".tiff")
_NUMBER = re.compile(r"-?\d+(?=\D*$)")
_TOKEN = re.compile(r"%0?(\d*)d|#+")


def numbered(spec: str | Path) -> dict[int, Path]:
    """The files of a folder or of a pattern (``%06d``, ``####``) by their numbers.

    Raises:
        InputError: No such folder, or nothing in it that could be flow.
        UsageError: A path that is neither a folder nor a pattern.
    """
    path = Path(spec)
    if path.is_dir():
        files = [file for file in path.iterdir() if file.suffix.lower() in _KINDS]
        found = {
            int(match.group()): file
            for file in sorted(files)
            if not file.name.startswith(".") and (match := _NUMBER.search(file.stem))
        }
    else:
        token = _TOKEN.search(path.name)
        if token is None:
            raise UsageError(
                f"{path} is neither a folder nor a pattern; name a folder or use %06d or ######",
                file=path,
            )
        before, after = path.name[: token.start()], path.name[token.end() :]
        name = re.compile(re.escape(before) + r"(-?\d+)" + re.escape(after))
        entries = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
        found = {int(m.group(1)): file for file in entries if (m := name.fullmatch(file.name))}
    if not found:
        raise InputError(f"there are no flow files at {path}; check the path", file=path)
    return found


def assigned(
    files: dict[int, Path], frames: Sequence[int], numbering: str, what: str | Path
) -> dict[int, Path]:
    """Which file belongs to which frame.

    Args:
        files: By number.
        frames: The clip's frames, ascending.
        numbering: ``frame`` (numbers are frame numbers), ``index`` (they count from 0) or ``auto``
            (frame numbers where they agree, else the order when the counts agree).
        what: For the message.

    Raises:
        InputError: The files do not fit the frames.
    """
    if numbering == "index":
        return {frame: files[i] for i, frame in enumerate(frames) if i in files}
    by_number = {frame: files[frame] for frame in frames if frame in files}
    if numbering == "frame" or len(by_number) >= len(frames) - 1:
        return by_number
    if len(files) in (len(frames), len(frames) - 1):
        ordered = [files[number] for number in sorted(files)]
        return dict(zip(frames, ordered, strict=False))
    raise InputError(
        f"{what}: {len(files)} flow files for {len(frames)} frames, and the numbers do not agree; "
        "give one file for each frame",
        file=what,
    )


@dataclass
class FlowFiles:
    """Flow read from files.

    Attributes:
        frames: The clip's frames, ascending.
        size: (height, width) of the frames.
        forward: Frame to file of the flow to the next frame.
        backward: Frame to file of the flow to the previous frame; may be empty: then it is read
            from the forward files where these name both directions, else inverted.
        confidence: Frame to file of the forward flow's confidence; may be empty: then the
            forward-backward test decides.
        y_up: EXR vectors count y upwards.
    """

    frames: tuple[int, ...]
    size: tuple[int, int]
    forward: dict[int, Path]
    backward: dict[int, Path]
    confidence: dict[int, Path]
    y_up: bool = True

    def __post_init__(self) -> None:
        first = next(iter(self.forward.values()), None)
        if not self.backward and first is not None and names_both_directions(first):
            self.backward = self.forward

    @classmethod
    def open(
        cls,
        frames: Sequence[int],
        size: tuple[int, int],
        forward: str | Path,
        backward: str | Path | None = None,
        confidence: str | Path | None = None,
        *,
        numbering: str = "auto",
        y_up: bool = True,
    ) -> "FlowFiles":
        """Finds the files.

        Raises:
            InputError: Absent, or they do not fit the frames.
        """

        def of(spec: str | Path | None) -> dict[int, Path]:
            return assigned(numbered(spec), frames, numbering, spec) if spec else {}

        return cls(tuple(frames), size, of(forward), of(backward), of(confidence), y_up)

    def files_of(self, frame: int) -> list[Path]:
        """What ``pair`` reads for a frame."""
        place = self.frames.index(frame)
        before = self.frames[place - 1] if place else None
        tables = (self.forward, self.backward, self.confidence)
        return [t[f] for t in tables for f in (frame, before) if f is not None and f in t]

    def pair(self, frame: int) -> FlowPair:
        """The flow of one frame.

        Raises:
            InputError: A file is absent, broken or of another size.
        """
        place = self.frames.index(frame)
        last = place == len(self.frames) - 1
        forward = None if last else self._forward(frame)
        backward = None if place == 0 else self._backward(self.frames[place - 1], frame)
        return FlowPair(
            frame,
            forward,
            None if forward is None else self._trust(frame, self.frames[place + 1], forward),
            backward,
            None
            if backward is None
            else _agreement(backward, self._forward(self.frames[place - 1])),
        )

    def _forward(self, frame: int) -> F32:
        file = self.forward.get(frame)
        if file is None:
            raise InputError(
                f"there is no flow file for frame {frame}; compute it or shorten the range",
                frame=frame,
            )
        return self._read(file, "forward")

    def _backward(self, before: int, frame: int) -> F32:
        file = self.backward.get(frame)
        return inverted(self._forward(before)) if file is None else self._read(file, "backward")

    def _trust(self, frame: int, after: int, forward: F32) -> F32:
        file = self.confidence.get(frame)
        if file is not None and file.suffix.lower() == ".npy":
            return np.where(_finite(forward), read_npy_confidence(file, self.size), 0).astype(
                np.float32
            )
        if after in self.backward:
            return _agreement(forward, self._read(self.backward[after], "backward"))
        return _finite(forward).astype(np.float32)

    def _read(self, file: Path, direction: str) -> F32:
        options = {"y_up": self.y_up} if file.suffix.lower() not in (".flo", ".npy") else {}
        return read_flow(file, self.size, direction, **options)


def _finite(flow: F32) -> F32:
    return np.asarray(np.isfinite(flow).all(axis=2), np.float32)


def _agreement(there: F32, back: F32) -> F32:
    return confidence_of(there, np.nan_to_num(back, nan=1e6))


def inverted(flow: F32, rounds: int = 8) -> F32:
    """The flow back, by fixed-point iteration of ``back(x) = -flow(x + back(x))``.

    Args:
        flow: [H, W, 2] in pixels; NaN where unknown.
        rounds: Iterations.

    Returns:
        float32 [H, W, 2]; only good where the two agree, which the confidence tells.
    """
    clean = np.nan_to_num(flow, nan=0.0).astype(np.float32)
    height, width = clean.shape[:2]
    grid = np.stack(
        np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)), 2
    )
    back: F32 = -clean
    for _ in range(rounds):
        back = np.asarray(-sample_flow(clean, grid + back), np.float32)
    return back
