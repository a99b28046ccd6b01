"""The book of what is kept: finished fits, values on disk, pictures in memory, drafts."""

import contextlib
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.assets import UNSAVED
from codef_nodes.worker.args import Args
from codef_nodes.worker.jobs import report_of
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.errors import UsageError, WriteError

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker

_FIT = re.compile(r"(?P<stem>.+)_fit_v(?P<version>\d{3,})", re.IGNORECASE)
_KINDS = ("ram", "disk", "drafts", "checkpoints")


@verb("fit.report", role="all", queue="query", stale=False)
def fit_report(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """The figures of the finished fit that a node uses."""
    assets = worker.mirror.plain_evaluator.assets
    fit = assets.current(args.text("node"), None)
    return {"report": {} if fit is None else report_of(fit.folder)}


@verb("cache.list", role="all", queue="query", stale=False)
def list_cache(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """What is kept, how large it is and who uses it.

    ``fits`` are the field folders beside the document: path, name, node, version, bytes, used (time
    of last use, seconds since 1970), pinned, in_use. ``caches`` are what can be made again.
    """
    folder, used = _fits_folder(worker), _records(worker)
    fits = []
    with contextlib.suppress(OSError):
        for entry in sorted(folder.iterdir()):
            task.check()
            found = _FIT.fullmatch(entry.name)
            if found is not None and (entry / "field.json").is_file():
                fits.append(_fit(worker, entry, found, used))
    for node, path in used.items():
        if path.is_dir() and not any(Path(each["path"]) == path for each in fits):
            fits.append(_described(path, node, None, [node]))
    disk = worker.cache.disk
    caches = [
        {
            "what": "ram",
            "path": None,
            "bytes": worker.cache.ram.bytes,
            "budget": worker.cache.ram.budget,
            "count": len(worker.cache.ram),
        }
    ]
    if disk is not None:
        size, count = _size(disk.folder, task)
        caches.append(
            {
                "what": "disk",
                "path": str(disk.folder),
                "bytes": size,
                "budget": disk.budget,
                "count": count,
            }
        )
    for what, place in _places(worker).items():
        size, count = _size(place, task)
        caches.append(
            {"what": what, "path": str(place), "bytes": size, "budget": None, "count": count}
        )
    return {"fits": fits, "caches": caches, "folder": str(folder)}


@verb("cache.clear", role="all", queue="query", stale=False)
def clear_cache(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Empties ``ram``, ``disk``, ``drafts`` or ``checkpoints``, or deletes one fit by its path.

    A fit that a node uses, or that is pinned, is refused: unpin it, or fit again first.
    """
    what = args.text("what")
    if what == "ram":
        freed = worker.cache.ram.bytes
        worker.cache.ram.clear()
        return {"freed": freed}
    if what == "disk":
        disk = worker.cache.disk
        if disk is None:
            return {"freed": 0}
        freed = disk.bytes
        disk.clear()
        return {"freed": freed}
    if what in _KINDS:
        place = _places(worker)[what]
        return {
            "freed": _empty(place, {Path(p).parent for p in worker.mirror.drafts.values()}, task)
        }
    return {"freed": _delete_fit(worker, Path(what), task)}


@verb("cache.pin", role="all", queue="query", stale=False)
def pin(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Marks a fit as to be kept, or takes the mark away."""
    folder = _known_fit(worker, Path(args.text("path")))
    mark, pinned = _mark(folder), args.flag("pinned")
    try:
        if pinned:
            mark.touch()
        else:
            mark.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(
            f"cannot mark {folder} ({error.strerror or error}); make the folder writable",
            file=folder,
        ) from error
    return {"pinned": pinned}


def _mark(folder: Path) -> Path:
    """The file that says that a field folder is to be kept. It lies beside: the folder's own files
    are what results are known by."""
    return folder.with_name(f".{folder.name}.pinned")


def _fits_folder(worker: "Worker") -> Path:
    path = worker.mirror.path
    return worker.cache_dir / "assets" if path is None else path.parent


def _places(worker: "Worker") -> dict[str, Path]:
    return {"drafts": worker.cache_dir / "drafts", "checkpoints": worker.cache_dir / "fits"}


def _records(worker: "Worker") -> dict[str, Path]:
    """The field folder of each node that has one."""
    document, folder = worker.document, _fits_folder(worker)
    found = {}
    for node in document.nodes:
        record = document.state(node).field
        if record is not None and record.get("path"):
            found[node] = _plain(folder / str(record["path"]))
    return found


def _fit(
    worker: "Worker", folder: Path, found: re.Match[str], used: dict[str, Path]
) -> dict[str, Any]:
    stem = UNSAVED if worker.mirror.path is None else worker.mirror.path.stem
    node = found["stem"]
    if node.startswith(f"{stem}_"):
        node = node[len(stem) + 1 :]
    users = [name for name, path in used.items() if path == _plain(folder)]
    return _described(folder, node, int(found["version"]), users)


def _described(folder: Path, node: str, version: int | None, users: list[str]) -> dict[str, Any]:
    size, newest = 0, 0.0
    with contextlib.suppress(OSError):
        for entry in folder.iterdir():
            status = entry.stat()
            size += status.st_size
            newest = max(newest, status.st_mtime, status.st_atime)
    report = report_of(folder)
    return {
        "path": str(folder),
        "name": folder.name,
        "node": node,
        "version": version,
        "bytes": size,
        "used": newest,
        "pinned": _mark(folder).exists(),
        "in_use": users,
        "psnr": report.get("psnr_edit_path"),
        "frames": report.get("frames"),
    }


def _known_fit(worker: "Worker", folder: Path) -> Path:
    """A field folder beside the document, or one that it names; nothing else is ever touched.

    Raises:
        UsageError: It is none of these.
    """
    plain = _plain(folder)
    beside = plain.parent == _plain(_fits_folder(worker)) and _FIT.fullmatch(plain.name)
    if not (beside or plain in _records(worker).values()) or not (plain / "field.json").is_file():
        raise UsageError(
            f"{folder} is no finished fit of this document; look at the list again", file=folder
        )
    return plain


def _delete_fit(worker: "Worker", folder: Path, task: WorkTask) -> int:
    plain = _known_fit(worker, folder)
    users = [node for node, path in _records(worker).items() if path == plain]
    if users:
        raise UsageError(
            f"{plain.name} is in use by {', '.join(users)}; fit again before you delete it",
            file=plain,
        )
    if _mark(plain).exists():
        raise UsageError(f"{plain.name} is pinned; unpin it before you delete it", file=plain)
    size, _ = _size(plain, task)
    # Renamed first: half of a field must never be found under its name.
    gone = plain.with_name(f".{plain.name}.{os.getpid()}.deleted")
    try:
        plain.rename(gone)
    except OSError as error:
        raise WriteError(
            f"cannot delete {plain} ({error.strerror or error}); close what uses it", file=plain
        ) from error
    shutil.rmtree(gone, ignore_errors=True)
    return size


def _empty(place: Path, kept: set[Path], task: WorkTask) -> int:
    """Removes the folders in a place, but those that are in use; returns the bytes."""
    freed = 0
    with contextlib.suppress(OSError):
        for folder in place.iterdir():
            if folder not in kept:
                freed += _size(folder, task)[0]
                shutil.rmtree(folder, ignore_errors=True)
    return freed


def _plain(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _size(folder: Path, task: WorkTask) -> tuple[int, int]:
    """Bytes and number of the files below a folder."""
    size = count = 0
    for top, _, names in os.walk(folder):
        task.check()
        for name in names:
            with contextlib.suppress(OSError):
                size += os.stat(os.path.join(top, name)).st_size
                count += 1
    return size, count
