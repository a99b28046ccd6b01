"""Questions about files: what a clip holds, and which clips there are in what was dropped."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.worker.args import Args
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.errors import CodefError, InputError, UsageError

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker
    from engine.io.clip import Clip

_MOST = 24
"""Clips that one drop makes: a folder of loose stills must not bury the graph."""


@verb("clip", role="view", queue="query")
def clip_facts(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """What the files of a clip are, gaps included; reads headers only, no frame."""
    node = args.text("node")
    evaluator = worker.evaluator
    source = loader_above(evaluator.document, node)
    if source is None:
        raise UsageError(f"{node} reads no files", node=node)
    clip = _open(evaluator, source)
    offered = evaluator.frames(source)
    return {
        "frames": frames_text(evaluator, source, offered),
        "count": len(clip.frames) if offered is None else sum(map(clip.has, offered)),
        "missing": [] if offered is None else [n for n in offered if not clip.has(n)],
        "still": offered is None,
        "kind": clip.kind,
        "size": [clip.width, clip.height],
        "aspect": clip.pixel_aspect,
        "colour": clip.colour_space,
        "bits": clip.bits,
        "fps": clip.fps,
        "warnings": list(clip.warnings),
    }


@verb("clips", role="view", queue="query", stale=False)
def clips_in(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """The clips in files and folders: of a folder with several sequences, each by its pattern.

    A folder of folders stands for the clips of each. ``more`` counts those that were left out
    because there are too many of them.
    """
    paths = args.get("paths", [])
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise UsageError("the request 'clips' needs a list of texts as 'paths'")
    found: list[str] = []
    for path in paths:
        # Nothing at all in there: then the node says so.
        found += _clips_of(path, task) or _clips_below(path, task) or [path]
    return {"clips": found[:_MOST], "more": max(len(found) - _MOST, 0)}


def _clips_of(path: str, task: WorkTask) -> list[str]:
    """The path itself where it is one clip, else the sequences of the folder."""
    from engine.io.sequence import find_frames, sequences_in

    task.check()
    try:
        find_frames(path, 0)
    except CodefError:
        return sequences_in(Path(path)) if os.path.isdir(path) else []
    return [path]


def _clips_below(path: str, task: WorkTask) -> list[str]:
    """The clips of a folder's own folders, one level down; hidden ones are not looked into."""
    if not os.path.isdir(path):
        return []
    folders = sorted(each for each in Path(path).iterdir() if each.is_dir())
    found: list[str] = []
    for folder in folders:
        if folder.name.startswith("."):
            continue
        try:
            found += _clips_of(str(folder), task)
        except InputError:
            continue  # one that may not be read hides nothing of the others
    return found


def frames_text(evaluator: Evaluator, node: str, offered: tuple[int, ...] | None) -> str | None:
    """The frames of a node's clip for a person: range and gaps.

    Args:
        evaluator: Evaluates the document.
        node: The node.
        offered: The frames that it offers; None: any.
    """
    from engine.io.frames import describe_gaps

    if offered is None:
        return None
    clip = clip_above(evaluator, node)
    there = offered if clip is None else tuple(frame for frame in offered if clip.has(frame))
    return describe_gaps(there or offered)


def clip_above(evaluator: Evaluator, node: str) -> "Clip | None":
    """The clip of files that a node's main input leads to, if it can be opened."""
    source = loader_above(evaluator.document, node)
    if source is None:
        return None
    try:
        return _open(evaluator, source)
    except CodefError:
        return None


def loader_above(document: Document, node: str) -> str | None:
    """The node that loads the files which a node's main input leads to."""
    seen: set[str] = set()
    name: str | None = node
    while name is not None and name not in seen:
        seen.add(name)
        if document.node_class(name).type == "LoadSequence":
            return name
        port = document.main_input(name)
        wires = document.wires(name, port) if port is not None else ()
        name = wires[0] if wires else None
    return None


def _open(evaluator: Evaluator, source: str) -> "Clip":
    from codef_nodes.work.source import remembered_clip

    document = evaluator.document

    def knob(name: str) -> Any:
        return document.knob_value(source, name)

    try:
        path = evaluator.folder / Path(str(knob("file"))).expanduser()
        return remembered_clip(
            str(path),
            first=knob("first"),
            colour_space="raw" if knob("raw") else knob("colour_space"),
            working=str(document.settings["working_space"]),
            still=knob("still"),
        )
    except CodefError as error:
        error.node = error.node or source
        raise
