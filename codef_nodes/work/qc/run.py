"""The QC sheet to files: what ``codef qc`` and the node QCSheet do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codef_nodes.work.canonicals import each_still, segment_field
from codef_nodes.work.propagating import chosen_source
from codef_nodes.work.qc.contents import Contents, gather
from codef_nodes.work.qc.page import draw_page
from codef_nodes.work.qc.sheet import draw_sheet
from codef_nodes.work.source import open_field
from engine.arrays import U8
from engine.errors import UsageError, WriteError
from engine.io.frames import format_frames
from engine.io.picture import Picture
from engine.progress import Task


@dataclass(frozen=True)
class QcJob:
    """What ``codef qc`` was asked.

    Attributes:
        field: The field folder.
        source: The clip when it is not where it was, or None.
        first: As for ``open_clip``.
        colour_space: As for ``open_clip``.
        working: As for ``open_clip``.
        output: The page (``.html``, with a picture of the same name beside it) or the picture
            alone (``.png``).
        segment: One segment of a long shot, or None for each.
    """

    field: str
    source: str | None
    first: int | None
    colour_space: str | None
    working: str | None
    output: str
    segment: int | None = None


def qc(job: QcJob, task: Task) -> dict[str, Any]:
    """``codef qc``: a sheet; of a long shot one for each segment, ``NAME.sN.ext``.

    Returns:
        ``{"field", "written", "psnr", "psnr_edit_path", "confidence", "fold_share", "layers",
        "worst_frames", "next_pins"}``; of several sheets ``{"field", "written", "segments"}``,
        with these for each.

    Raises:
        CodefError: See ARCHITECTURE's exit codes.
    """
    path = checked(Path(job.output))
    field = open_field(job.field)
    clip = chosen_source(field, job.source, job.first, job.colour_space, job.working)
    title = Path(job.field).resolve().name
    stills = each_still(field, job.segment, str(path))
    if len(stills) == 1 and stills[0].segment is None:
        contents = gather(field, clip.read, title, clip.working, task)
        return {"field": job.field, "written": write(contents, path), **contents.answer()}
    written, told = [], []
    for n, still in enumerate(stills):
        own = segment_field(field, still.segment or 0)
        named = f"{title}, segment {still.segment}"
        part = task.part(n / len(stills), (n + 1) / len(stills))
        contents = gather(own, clip.read, named, clip.working, part)
        written += write(contents, Path(still.output))
        told.append({"frames": format_frames(own.frames), **still.told, **contents.answer()})
    return {"field": job.field, "written": written, "segments": told}


def checked(path: Path) -> Path:
    """Refuses names that are neither a page nor a picture, before any work is done.

    Raises:
        UsageError: It is.
    """
    if path.suffix.lower() not in (".html", ".htm", ".png"):
        raise UsageError(
            f"{path}: a QC sheet is a page or a picture; write .html or .png", file=path
        )
    return path


def write(contents: Contents, path: Path) -> list[str]:
    """Writes the sheet; its folder is made.

    Returns:
        The files.

    Raises:
        WriteError: One cannot be written.
    """
    from engine.io.atomic import make_folder

    make_folder(path.parent)
    picture = path.with_suffix(".png")
    written = [str(picture)]
    _put(picture, lambda part: part.write_bytes(png(draw_sheet(contents))))
    if path.suffix.lower() != ".png":
        page = draw_page(contents)
        _put(path, lambda part: part.write_text(page, encoding="utf-8", newline="\n"))
        written.insert(0, str(path))
    return written


def _put(path: Path, make: Callable[[Path], object]) -> None:
    from engine.io.atomic import replace_atomically

    try:
        with replace_atomically(path) as part:
            make(part)
    except OSError as error:
        raise WriteError(
            f"cannot write {path} ({error.strerror}); choose a folder that you may write to",
            file=path,
        ) from error


def png(sheet: U8) -> bytes:
    """A sheet as the bytes of a PNG."""
    import cv2

    _, data = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    return bytes(data.tobytes())


def sheet_picture(contents: Contents, working: str) -> Picture:
    """The sheet as a picture of the graph, scene-linear."""
    import numpy as np

    from engine.colour import ocio

    encoded = draw_sheet(contents).astype(np.float32) / 255
    return Picture.of(ocio.to_working(encoded, ocio.SRGB, working))
