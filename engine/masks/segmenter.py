"""A segmentation network from a local ONNX file, run by onnxruntime where that is installed.

Convention: one input ``[1, 3, H, W]`` float32, RGB 0 to 1 less ``MEAN`` over ``SPREAD`` (what most
published networks are trained with), H and W fixed or free; the first output ``[1, K, h, w]``.
With K = 1 it is a share or log odds of the object, else a score for each class.
"""

from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32, U8
from engine.errors import DeviceError, InputError, UsageError
from engine.masks.solve import sigmoid

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
#: Longest side that a network of free size is given, and what its sides are a multiple of.
LONG, STEP = 640, 32


class Segmenter:
    """A network that was loaded.

    Args:
        path: The ``.onnx`` file.

    Raises:
        DeviceError: onnxruntime is not installed.
        InputError: The file is absent or no model.
        UsageError: The model takes or gives something else.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError(f"there is no model {self.path}; check the path", file=self.path)
        try:
            import onnxruntime  # type: ignore[import-not-found, import-untyped, unused-ignore]
        except ImportError as error:
            raise DeviceError(
                "models in ONNX files need onnxruntime, which is not installed; "
                "`pip install onnxruntime==1.31.1` in the program's environment, or tell the "
                "object by a rectangle"
            ) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(self.path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no other common base
            raise InputError(
                f"{self.path} is no ONNX model that onnxruntime can run; export it again",
                file=self.path,
            ) from error
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        if len(shape) != 4 or shape[1] not in (3, "3") or inputs[0].type != "tensor(float)":
            raise UsageError(
                f"{self.path} does not take one picture [1, 3, H, W] of float32; give a "
                "segmentation network of that kind",
                file=self.path,
            )
        self._name = inputs[0].name
        self._fixed = tuple(n if isinstance(n, int) and n > 0 else 0 for n in shape[2:])

    def share(self, rgb: U8, kind: int | None = None) -> F32:
        """How far each pixel belongs to the object, float32 [H, W], 0 to 1.

        Args:
            rgb: A frame, uint8 [H, W, 3].
            kind: Which class; None: everything but the first, which is the background.

        Raises:
            UsageError: The model gives no mask, or has no such class.
        """
        import cv2

        height, width = rgb.shape[:2]
        scale = min(1.0, LONG / max(height, width))
        tall, wide = (
            fixed or max(STEP, round(side * scale / STEP) * STEP)
            for fixed, side in zip(self._fixed, (height, width), strict=True)
        )
        small = cv2.resize(rgb, (wide, tall), interpolation=cv2.INTER_AREA).astype(np.float32)
        given = ((small / 255 - MEAN) / SPREAD).transpose(2, 0, 1)[None]
        answer = np.asarray(
            self._session.run(None, {self._name: np.ascontiguousarray(given, np.float32)})[0]
        )
        if answer.ndim == 3:
            answer = answer[None]
        if answer.ndim != 4 or answer.shape[0] != 1:
            raise UsageError(
                f"{self.path} gives {list(answer.shape)} and no mask [1, K, H, W]; give a "
                "segmentation network",
                file=self.path,
            )
        found = _object(np.asarray(answer[0], np.float32), kind, self.path)
        return np.asarray(
            np.clip(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1),
            np.float32,
        )


def _object(scores: F32, kind: int | None, path: Path) -> F32:
    classes = len(scores)
    if kind is not None and not 0 <= kind < classes:
        raise UsageError(f"{path} has the classes 0 to {classes - 1}, not {kind}", file=path)
    if classes == 1:
        plain = scores[0]
        return plain if plain.min() >= 0 and plain.max() <= 1 else sigmoid(plain)
    high = np.exp(scores - scores.max(axis=0))
    shares = high / high.sum(axis=0)
    return np.asarray(1 - shares[0] if kind is None else shares[kind], np.float32)
