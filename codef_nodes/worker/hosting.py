"""The verbs for host programs: a document in a file, worked on by files; see docs/protocol.md."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.batch import render_nodes, writers
from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.jsonvalue import plain, same
from codef_nodes.graph.serialise import load, save
from codef_nodes.worker.args import Args
from codef_nodes.worker.hostdocument import (
    ShotPlan,
    contents,
    files_folder,
    near,
    note_fit,
    only,
    said_path,
    shot_document,
    take_edit,
)
from codef_nodes.worker.hostpaths import local_path
from codef_nodes.worker.hostwatch import Watch
from codef_nodes.worker.jobs import Drafted, report_of
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.errors import UsageError

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker

_CLIP_KNOBS = ("frames", "missing", "colour_space", "raw", "first")
_FILES = threading.RLock()
"""The document's file is changed by one thread of the worker at a time."""
_WATCHES: dict[int, Watch] = {}


@verb("host.create", role="host", queue="document")
def create(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Writes a document for a clip, and opens it; a document of that name stays unless told."""
    path = said_path(args.values, "path")
    if path.suffix.lower() != ".codef":
        raise UsageError(f"{path}: a document's name ends in .codef", file=path)
    if path.exists() and not args.flag("replace"):
        raise UsageError(f"{path} is there already; open it, or choose another name", file=path)
    result = args.optional_text("result")
    plan = ShotPlan(
        path,
        said_path(args.values, "source"),
        {name: args.get(name) for name in _CLIP_KNOBS if name in args},
        tuple(local_path(mask) for mask in args.names("masks") or ()),
        tuple(args.names("names") or ()),
        dict(_table(args, "fit")),
        None if result is None else local_path(result),
        args.optional_text("working_space"),
    )
    document = shot_document(plan)
    from engine.io.atomic import make_folder

    make_folder(path.parent)
    with _FILES:
        save(document, path)
        return _opened(worker, document, path)


@verb("host.open", role="host", queue="document")
def open_file(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Opens a document as its file has it now; runs nothing."""
    path = said_path(args.values, "path")
    with _FILES:
        return _opened(worker, load(path), path)


@verb("host.edit", role="host", queue="document")
def edit(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Takes an edited canonical image of a layer, or none any more; notes it in the file."""
    path = _path(worker)
    file = args.optional_text("file")
    with _FILES:
        document = load(path)
        carry = only(document, "Propagate", args.optional_text("node"))
        layer = _layer(document, carry, path.parent, args.get("layer", 0))
        said = None if file is None else near(local_path(file), path.parent)
        take_edit(document, carry, layer, said)
        save(document, path)
        return _opened(worker, document, path)


@verb("host.fit", role="host", queue="job", stale=False)
def fit(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Fits as the next version beside the document, and notes that in the document's file."""
    path, evaluator = _fresh(worker)
    node = only(evaluator.document, "FitCoDeF", args.optional_text("node"))
    with Drafted(worker, evaluator, task, emit, resume=args.flag("resume", True)) as watched:
        folder = evaluator.refit(node, watched)
    record = plain(dict(evaluator.document.state(node).field or {}))
    with _FILES:
        _opened(worker, note_fit(path, node, record), path)
    return {"node": node, "folder": str(folder), "report": report_of(folder)}


@verb("host.render", role="host", queue="job", stale=False)
def render(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Renders the outputs, and first what was never fitted; answers which files there are."""
    from engine.io.frames import parse_frames

    path, evaluator = _fresh(worker)
    document = evaluator.document
    nodes = args.names("nodes") or writers(document)
    said = args.optional_text("frames")
    before = _records(document)
    with Drafted(worker, evaluator, task, emit) as watched:
        frames = None if said is None else list(parse_frames(said))
        summaries = render_nodes(evaluator, nodes, frames, None, watched)
    with _FILES:
        for name, record in _records(document).items():
            if before.get(name) != record:
                _opened(worker, note_fit(path, name, record), path)
    known = {each["node"]: each["file"] for each in contents(document, path.parent)["outputs"]}
    outputs = [
        {"node": name, "file": known.get(name, ""), "frames": _frames_of(summary)}
        for name, summary in zip(nodes, summaries, strict=True)
    ]
    return {"outputs": outputs, "summaries": summaries}


@verb("host.deliver", role="host", queue="job", stale=False)
def deliver(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Writes a finished fit as EXR files that a host composites with, and their manifest."""
    from codef_nodes.worker.hostfiles import write_files
    from engine.fields.field import Field

    path, evaluator = _fresh(worker)
    node = only(evaluator.document, "FitCoDeF", args.optional_text("node"))
    if evaluator.unfitted(node):
        raise UsageError(f"{node} is not fitted yet; fit it first", node=node)
    field = evaluator.value(node, None, task)
    if not isinstance(field, Field):
        raise UsageError(f"{node} gives no fit; choose another node", node=node)
    said = args.optional_text("folder")
    folder = files_folder(path) if said is None else local_path(said)
    return write_files(
        field,
        folder,
        wanted=args.names("wanted") or ["canonical", "stmap"],
        frames=args.optional_text("frames"),
        document=path,
        node=node,
        task=task,
    )


@verb("host.watch", role="host", queue="control")
def watch(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """From now on the worker tells when the document is saved or an output is rendered."""
    known = _WATCHES.pop(id(worker), None)
    if known is not None:
        known.end()
    if args.flag("on", True):
        path = _path(worker)
        _WATCHES[id(worker)] = Watch(path, lambda name, data: worker.emit(name, None, data))
    return {"path": str(_path(worker))}


def _opened(worker: "Worker", document: Document, path: Path) -> Reply:
    worker.mirror.open(document.tree(), path, {}, False)
    worker.seen.clear()
    for listener in worker.changed:
        listener()
    return {"path": str(path), **contents(document, path.parent)}


def _fresh(worker: "Worker") -> tuple[Path, Evaluator]:
    """The open document as its file is now: the program's own window may have saved it."""
    path = _path(worker)
    with _FILES:
        document = load(path)
        if not same(document.tree(), worker.mirror.document.tree()):
            _opened(worker, document, path)
        return path, worker.evaluator


def _path(worker: "Worker") -> Path:
    """The open document's file.

    Raises:
        UsageError: There is none.
    """
    path = worker.mirror.path
    if path is None:
        raise UsageError("no document is open; say host.create or host.open first")
    return path


def _records(document: Document) -> dict[str, Mapping[str, Any] | None]:
    return {name: state.field for name, state in document.nodes.items()}


def _frames_of(summary: Any) -> list[int]:
    frames = summary.get("frames") if isinstance(summary, dict) else None
    skipped = summary.get("skipped") if isinstance(summary, dict) else None
    return sorted({*(frames or []), *(skipped or [])})


def _table(args: Args, name: str) -> dict[str, Any]:
    value = args.get(name, {})
    if not isinstance(value, dict):
        raise UsageError(f"the request {args.verb!r} needs knobs by name as {name!r}")
    return value


def _layer(document: Document, carry: str, folder: Path, said: Any) -> str:
    """A layer by number, also where the host said its name.

    Raises:
        UsageError: The fit has no layer of that name.
    """
    if isinstance(said, int) and not isinstance(said, bool):
        return str(said)
    text = str(said).strip()
    if text.isdecimal():
        return str(int(text))
    names: list[str] = []
    for fit in document.wires(carry, "field"):
        record = document.state(fit).field
        if record is None:
            continue
        file = folder / str(record.get("path")) / "field.json"
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            names = [str(each["name"]) for each in content["layers"]]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    if text not in names:
        known = ", ".join(names) or "none that are known before the fit"
        raise UsageError(f"there is no layer {text!r}; there are {known}")
    return str(names.index(text))
