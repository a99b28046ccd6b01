"""Checkpoints of a ``seeded`` fit: the layers and the number of passes done."""

import json
import time
from pathlib import Path

import numpy as np

from engine.arrays import AnyArray
from engine.errors import InputError, WriteError
from engine.fit.seeded import LayerState
from engine.io.atomic import make_folder, replace_atomically
from engine.io.picture import Window

#: Arrays of a layer.
NAMES = ("matrices", "lattices", "home", "shade", "picture", "speed", "weight", "say")
#: Seconds between checkpoints, which is what a crash may cost.
EVERY = 10.0
#: Seconds that writing one may take of that; of a large fit they come less often.
SHARE = 0.2
NAME = "checkpoint.safetensors"


class Checkpoints:
    """Writes a checkpoint every ``EVERY`` seconds or more, in one file, replaced whole.

    Args:
        folder: Where, or None for no checkpoints.
        identity: What the fit reads and how; a checkpoint of anything else is not resumed.
    """

    def __init__(self, folder: Path | None, identity: str) -> None:
        self.folder, self.identity = folder, identity
        self._last = time.monotonic()
        self._slower = 1.0
        self._step: int | None = None

    def offer(self, states: list[LayerState], step: int) -> None:
        """Writes a checkpoint if the last one is old enough."""
        self._step = step
        if self.folder is None or time.monotonic() - self._last < EVERY * self._slower:
            return
        self._try(states, step)

    def keep(self, states: list[LayerState]) -> None:
        """Writes what was reached when the fit is stopped; layers at half size are not kept."""
        if self._step is not None:
            self._try(states, self._step)

    def _try(self, states: list[LayerState], step: int) -> None:
        # A full disk must not end the fit: it goes on without checkpoints.
        try:
            self.write(states, step)
        except WriteError:
            self.folder = None

    def write(self, states: list[LayerState], step: int) -> None:
        """Writes a checkpoint now.

        Raises:
            WriteError: The disk is full or read-only.
        """
        from safetensors.numpy import save_file

        if self.folder is None:
            return
        began = time.monotonic()
        tensors: dict[str, AnyArray] = {}
        layers = []
        for k, state in enumerate(states):
            for name in NAMES:
                tensors[f"{k}.{name}"] = np.ascontiguousarray(getattr(state, name))
            canvas = state.canvas
            layers.append(
                {
                    "spacing": state.spacing,
                    "grain": state.grain,
                    "turn": state.turn,
                    "noise": state.noise,
                    "excess": state.excess,
                    "canvas": [canvas.x0, canvas.y0, canvas.x1, canvas.y1],
                }
            )
        note = {"step": step, "identity": self.identity, "layers": layers}
        make_folder(self.folder)
        with replace_atomically(self.folder / NAME) as part:
            save_file(tensors, part, metadata={"codef": json.dumps(note)})
        self._last = time.monotonic()
        self._slower = max(1.0, (self._last - began) / SHARE)

    def read(self) -> tuple[list[LayerState], int] | None:
        """The layers and passes done of the checkpoint, or None when there is none that fits."""
        from safetensors import SafetensorError, safe_open

        if self.folder is None or not (self.folder / NAME).is_file():
            return None
        path = self.folder / NAME
        try:
            with safe_open(path, "numpy") as file:
                note = json.loads(file.metadata()["codef"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
            raise InputError(
                f"the checkpoint {path} is damaged; remove it or fit without --resume", file=path
            ) from error
        if note.get("identity") != self.identity:
            return None
        states = [
            LayerState(
                **{name: tensors[f"{k}.{name}"] for name in NAMES},
                spacing=float(layer["spacing"]),
                grain=float(layer["grain"]),
                turn=int(layer["turn"]),
                noise=float(layer["noise"]),
                excess=float(layer["excess"]),
                canvas=Window(*layer["canvas"]),
            )
            for k, layer in enumerate(note["layers"])
        ]
        return states, int(note["step"])
