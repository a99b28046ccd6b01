"""RAFT through torchvision, where that imports and its weights are on the machine.

torchvision and its weights are neither shipped nor fetched here: this serves machines that have
them (``pip install torchvision`` beside a CUDA torch, and one use of the model there, which puts
the weights into torch's own cache). RAFT: Teed and Deng, ECCV 2020.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32, U8
from engine.errors import DeviceError, InputError
from engine.flow.checkpoint import read_tensors

#: torchvision's names of the weights' files, best first, with the name of the model.
FILES = {
    "raft_large_C_T_SKHT_V2-ff5fadd5.pth": "raft_large",
    "raft_small_C_T_V2-01064c6d.pth": "raft_small",
}
#: Sides are multiples of 8; RAFT wants at least 128.
MULTIPLE, SMALLEST = 8, 128
LONGEST = 960


def weights_file(folders: tuple[Path, ...]) -> Path:
    """The best weights that are there.

    Args:
        folders: Where to look, in order.

    Raises:
        InputError: None are there.
    """
    for name in FILES:
        for folder in folders:
            if (folder / name).is_file():
                return folder / name
    raise InputError(
        f"no weights of RAFT are on this machine; put {next(iter(FILES))} of torchvision into "
        f"{folders[0]}, or use the method gmflow",
        file=folders[0],
    )


def _models() -> Any:
    """torchvision's flow models.

    Raises:
        DeviceError: torchvision is absent or does not fit the installed torch.
    """
    try:
        return importlib.import_module("torchvision.models.optical_flow")
    except (ImportError, RuntimeError, OSError, AttributeError) as error:
        raise DeviceError(
            f"RAFT needs torchvision, which does not work here ({error}); install the version "
            "that fits your torch, or use the method gmflow"
        ) from error


class RaftMatcher:
    """RAFT on pictures of any size.

    Args:
        weights: One of ``FILES``.
        device: ``cpu``, ``cuda`` and so on.

    Raises:
        DeviceError: torchvision does not work.
        InputError: The weights cannot be read.
    """

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        network = getattr(_models(), FILES[weights.name])(weights=None, progress=False)
        tensors = read_tensors(weights, "get the file of torchvision again")
        try:
            network.load_state_dict(tensors)
        except RuntimeError as error:
            raise InputError(
                f"{weights}: these are not torchvision's weights of RAFT; get the file again",
                file=weights,
            ) from error
        self._network = network.to(device).eval()
        self._device = device

    def __call__(self, first: U8, second: U8, check: Callable[[], None]) -> tuple[F32, F32]:
        """Flow in both directions; see ``GmflowMatcher``."""
        import cv2
        import torch

        height, width = first.shape[:2]
        scale = min(1.0, LONGEST / max(height, width))
        sides = [max(SMALLEST, round(s * scale / MULTIPLE) * MULTIPLE) for s in (height, width)]
        tensors = []
        for picture in (first, second):
            small = cv2.resize(picture, (sides[1], sides[0]), interpolation=cv2.INTER_AREA)
            scaled = np.float32(small.transpose(2, 0, 1)[None]) / 127.5 - 1
            tensors.append(torch.from_numpy(scaled).to(self._device))
        factor = np.array([width / sides[1], height / sides[0]], np.float32)
        flows = []
        for pair in (tensors, tensors[::-1]):
            check()
            with torch.inference_mode():
                vectors = self._network(*pair)[-1][0].permute(1, 2, 0).cpu().numpy()
            large = cv2.resize(vectors, (width, height), interpolation=cv2.INTER_LINEAR)
            flows.append(np.asarray(large * factor, np.float32))
        return flows[0], flows[1]
