"""Rough masks carried through a clip: what ``codef mask`` and the node RoughMask do."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from codef_nodes.work.masks import MaskLook
from codef_nodes.work.source import Source
from engine.arrays import F32, U8
from engine.errors import InputError, UsageError
from engine.progress import Task

if TYPE_CHECKING:
    from engine.io.picture import Picture
    from engine.masks.rough import Rough
    from engine.masks.session import Carried

MATTE = {"codef/pass": "matte"}
PICTURES = (".png", ".exr", ".tif", ".tiff", ".jpg", ".jpeg", ".tga", ".dpx")
MODEL = ".onnx"


@dataclass(frozen=True)
class MaskJob:
    """What ``codef mask`` was asked.

    Attributes:
        source: The clip.
        rough: Frame and what is said about it: ``LEFT,TOP,RIGHT,BOTTOM``, a ``.json`` file of
            scribbles, or a mask picture; the first one starts, the others correct.
        exact: The first mask picture is right, edge included.
        output: Folder, or files with a place for the number.
    """

    source: Source
    rough: tuple[tuple[int, str], ...]
    exact: bool
    output: str


def read_rough(text: str, exact: bool = False) -> "Rough":
    """A rough mask as a person names it.

    Args:
        text: ``LEFT,TOP,RIGHT,BOTTOM`` in pixels from the top left, a ``.json`` file, or a picture.
        exact: A picture is right as it is.

    Raises:
        InputError: The file cannot be read.
        UsageError: It is none of these.
    """
    from engine.masks.rough import Rough, rough_from_json

    path = Path(text)
    if path.suffix.lower() == ".json":
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(
                f"the scribbles {path} cannot be read ({error.strerror}); check the path", file=path
            ) from error
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path} is no JSON of scribbles: {error}", file=path) from error
        return rough_from_json(said)
    if path.suffix.lower() in PICTURES:
        from engine.io.read import read_picture

        return Rough(mask=MaskLook().of(read_picture(path, colour_space="raw")), exact=exact)
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no rough mask; give LEFT,TOP,RIGHT,BOTTOM in pixels, a .json file of "
            "scribbles or a mask picture"
        ) from error
    return Rough((left, top, right, bottom))


def is_model(text: str | Path) -> bool:
    """Whether a rough mask is to be found by a network."""
    return str(text).lower().endswith(MODEL)


def segmented(model: str | Path, picture: "Picture") -> "Rough":
    """A mask that a segmentation network of a local file finds; it counts as it is.

    Args:
        model: An ``.onnx`` file, or the name of one in the models folder.
        picture: The frame.

    Raises:
        CodefError: See ``engine.onnx.Network``.
        MaskError: It finds nothing.
    """
    from codef_nodes.work.models import own_model
    from engine.errors import MaskError
    from engine.masks.rough import Rough
    from engine.masks.segmenter import object_share
    from engine.onnx import Network

    path = own_model(model)
    share = object_share(Network(path), codes_of(picture))
    if not (share > 0.5).any():
        raise MaskError(f"the model {path} finds nothing in the frame; tell it by a rectangle")
    # Guessing anew from its answer, as from a rough mask, makes it worse.
    return Rough(mask=np.asarray(np.rint(share * 255), np.uint8), exact=True)


def codes_of(picture: "Picture") -> U8:
    """A frame as the masks look at it: RGB codes uint8 [H, W, 3] over the display window."""
    from engine.flow.dis import colour8
    from engine.io.picture import within

    return colour8(within(picture.pixels[..., :3], picture.data, picture.display))


def carried(
    read: Callable[[int], "Picture"],
    frames: tuple[int, ...],
    spoken: Mapping[int, "Rough"],
    task: Task,
) -> "Carried":
    """Masks of all frames from what was said about some."""
    from engine.masks.session import Session

    session = Session(lambda frame: codes_of(read(frame)), frames, task.part(0, 0.3))
    return session.run(spoken, task.part(0.3, 1))


def mask_picture(found: "Carried", frame: int) -> "Picture":
    """The mask of a frame as a picture, the same in every channel and in alpha."""
    from engine.io.picture import Picture

    grey = found.mask(frame).astype(np.float32) / 255
    told = {
        "codef/confidence": round(float(found.confidence[found.frames.index(frame)]), 4),
        "codef/worst": found.worst,
    }
    return Picture.of(np.repeat(grey[..., None], 4, axis=2), metadata={**MATTE, **told})


def write_masks(job: MaskJob, task: Task) -> dict[str, Any]:
    """``codef mask``: one file for each frame, and ``confidence.json`` beside them.

    Returns:
        ``{"written", "frames", "confidence", "worst"}``.

    Raises:
        CodefError: See ARCHITECTURE's exit codes.
    """
    import logging

    from codef_nodes.work.source import opened, used_frames
    from codef_nodes.work.writing import Plan, check_plan, target
    from engine.io.atomic import clean_parts, replace_atomically
    from engine.io.picture import Picture
    from engine.io.sequence import has_pattern
    from engine.io.write import WriteOptions, write_picture

    clip = opened(job.source)
    frames = used_frames(clip, job.source, logging.getLogger(__name__).warning)
    path = Path(job.output)
    if not has_pattern(str(path)) and not path.suffix:
        path = path / "mask.%04d.png"
    plan = Plan(path, WriteOptions())
    check_plan(plan, frames)
    spoken: dict[int, Rough] = {}
    for count, (frame, text) in enumerate(job.rough):
        if frame in spoken:
            raise UsageError(f"two rough masks are given for frame {frame}; leave one out")
        if is_model(text):
            clip.require(frame)
            spoken[frame] = segmented(text, clip.read(frame))
        else:
            spoken[frame] = read_rough(text, job.exact and count == 0)
    found = carried(clip.read, frames, spoken, task.part(0, 0.95))
    clean_parts(path.parent)
    written = []
    for frame in frames:
        task.check()
        file = target(plan, frame)
        grey = found.mask(frame).astype(np.float32)[..., None] / 255
        options = WriteOptions(bits=8, frame=frame, colour_space="raw")
        if file.suffix.lower() == ".exr":
            options = WriteOptions(frame=frame, colour_space="raw")
        write_picture(file, Picture.of(np.repeat(grey, 3, axis=2)), options)
        written.append(str(file))
    confidence = {
        str(frame): round(float(value), 4)
        for frame, value in zip(frames, found.confidence, strict=True)
    }
    with replace_atomically(path.parent / "confidence.json") as part:
        part.write_text(json.dumps(confidence, indent=1) + "\n", encoding="utf-8")
    task.report(1.0, "masks")
    return {
        "written": written,
        "frames": list(frames),
        "confidence": confidence,
        "worst": found.worst,
    }


def grey_like(picture: "Picture", mask: F32) -> "Picture":
    """A mask [H, W] over the display window of a picture, as a picture in its place."""
    from engine.io.picture import Picture

    pixels = np.repeat(mask.astype(np.float32)[..., None], 4, axis=2)
    return Picture(
        pixels, picture.display, picture.display, picture.pixel_aspect, metadata=dict(MATTE)
    )


def grey_over(picture: "Picture", mask: F32) -> "Picture":
    """A mask [H, W] over the data window of a picture, as a picture in its place."""
    from engine.io.picture import Picture

    pixels = np.repeat(mask.astype(np.float32)[..., None], 4, axis=2)
    return Picture(
        pixels, picture.display, picture.data, picture.pixel_aspect, metadata=dict(MATTE)
    )


class Looked:
    """A shot that was looked at, and the last masks that were found in it.

    Args:
        read: Frame number to picture.
        frames: Frame numbers.
        task: Progress and cancel of the first look.
    """

    def __init__(
        self, read: Callable[[int], "Picture"], frames: tuple[int, ...], task: Task
    ) -> None:
        from engine.masks.session import Session

        self._read = read
        self._lock = threading.Lock()
        self._session = Session(lambda frame: codes_of(self._read(frame)), frames, task)
        self._last: Carried | None = None

    def masks(
        self,
        spoken: Mapping[int, "Rough"],
        read: Callable[[int], "Picture"],
        task: Task,
    ) -> "Carried":
        """The masks of all frames; carried anew only where something else was said.

        Args:
            spoken: What was said, by frame.
            read: Frame number to picture, now.
            task: Progress and cancel.
        """
        from engine.masks.session import same

        with self._lock:
            self._read = read
            last = self._last
            known = last is not None and list(last.spoken) == list(spoken)
            if (
                last is None
                or not known
                or not all(same(spoken[f], last.spoken[f]) for f in spoken)
            ):
                last = self._last = self._session.run(spoken, task, last)
            return last
