"""A small clip on disk, a graph that shows it, and what the screen shows of a canvas."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from codef_nodes.graph.commands import AddNode, Connect
from gui.core.editor import Editor

WIDTH, HEIGHT, FRAMES = 96, 54, 6


def codes_of(image: QImage) -> np.ndarray:
    """The pixels of an image as uint8 [H, W, 3]."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1)
    return rows[:, : plain.width() * 3].reshape(plain.height(), plain.width(), 3).copy()


def write_png(path: Path, codes: np.ndarray) -> None:
    """Writes uint8 [H, W, 3]."""
    height, width, _ = codes.shape
    data = np.ascontiguousarray(codes)
    image = QImage(data.data, width, height, width * 3, QImage.Format.Format_RGB888)
    if not image.save(str(path)):
        raise OSError(path)


def frame_codes(frame: int) -> np.ndarray:
    """What the clip holds at a frame: every code is somewhere in it."""
    noise = np.random.default_rng(frame).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    noise[:3, :, :] = np.arange(3 * WIDTH).reshape(3, WIDTH, 1) % 256
    return noise


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Frames 1001 to 1006 as PNG files."""
    folder = tmp_path / "clip"
    folder.mkdir()
    for frame in range(1001, 1001 + FRAMES):
        write_png(folder / f"shot.{frame}.png", frame_codes(frame))
    return folder


def load_clip(editor: Editor, clip: Path) -> None:
    """Plate -> Grade in the editor's document."""
    do = editor.project.do
    do(AddNode("LoadSequence", "Plate", knobs={"file": str(clip / "shot.%04d.png")}))
    do(AddNode("ImageOperation", "Grade", (0, 100), {"grade_multiply": [0.5, 0.5, 0.5]}))
    do(Connect("Plate", "Grade", "image"))
