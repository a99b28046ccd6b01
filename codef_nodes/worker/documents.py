"""The verbs of every worker: the document, and the control of other requests."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from codef_nodes.worker.args import Args
from codef_nodes.worker.edits import edits_from_json
from codef_nodes.worker.memory import resident_bytes
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.errors import UsageError

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker


@verb("open", role="all", queue="document")
def open_document(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Takes a whole document in place of the one before."""
    drafts = args.get("drafts", {})
    if not isinstance(drafts, dict):
        raise UsageError("the request 'open' needs folders by node as 'drafts'")
    notes = worker.mirror.open(
        args.get("tree"),
        _path(args),
        {str(k): str(v) for k, v in drafts.items()},
        args.flag("safe"),
    )
    worker.seen.clear()
    _stale(worker, None)
    return {"notes": notes}


@verb("edit", role="all", queue="document")
def edit(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Applies exact edits; work that they make stale is cancelled, never waited for."""
    _stale(worker, worker.mirror.edit(edits_from_json(args.get("edits"))))
    return {}


@verb("relocate", role="all", queue="document")
def relocate(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """The document lives in another file now: relative names count from there."""
    worker.mirror.relocate(_path(args))
    _stale(worker, None)
    return {}


@verb("drafts", role="all", queue="document")
def drafts(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Unfinished fits that stand for the finished ones meanwhile: folder by node."""
    given = args.get("drafts", {})
    if not isinstance(given, dict):
        raise UsageError("the request 'drafts' needs folders by node")
    _stale(worker, worker.mirror.use_drafts({str(k): str(v) for k, v in given.items() if v}))
    return {}


@verb("ping", role="all", queue="control")
def ping(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Answers."""
    return {}


@verb("status", role="all", queue="control")
def status(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Memory, what is waiting and running, and the figures of the cache."""
    busy = [work.describe() for work in worker.lanes.works()]
    return {
        "role": worker.role,
        "rss": resident_bytes(),
        "busy": busy,
        "running": sum(each["state"] == "running" for each in busy),
        "queued": sum(each["state"] == "waiting" for each in busy),
        "cache": {
            "folder": str(worker.cache_dir),
            "ram_bytes": worker.cache.ram.bytes,
            "ram_budget": worker.cache.ram.budget,
            "ram_entries": len(worker.cache.ram),
        },
        "pictures": {"count": len(worker.pictures), "bytes": worker.pictures.bytes},
        "computes": dict(worker.mirror.computes),
        "path": None if worker.mirror.path is None else str(worker.mirror.path),
        "drafts": dict(worker.mirror.drafts),
    }


@verb("cancel", role="all", queue="control")
def cancel(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Stops one request, or all."""
    if args.flag("all"):
        return {"cancelled": worker.lanes.cancel(lambda work: True)}
    number = args.integer("id")
    return {"cancelled": worker.lanes.cancel(lambda work: work.number == number)}


@verb("pause", role="all", queue="control")
def pause(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Holds a request back at its next look at its task."""
    return _steer(worker, args, lambda steered: steered.gate.pause())


@verb("resume", role="all", queue="control")
def resume(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Lets a request go on."""
    return _steer(worker, args, lambda steered: steered.gate.resume())


@verb("stop", role="all", queue="control")
def stop(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Asks a request to end early and keep what it has."""

    def end(steered: WorkTask) -> None:
        steered.stopped.set()
        steered.gate.resume()

    return _steer(worker, args, end)


@verb("release", role="all", queue="control")
def release(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Forgets a shared picture."""
    return {"released": worker.pictures.release(args.text("file"))}


@verb("shutdown", role="all", queue="control")
def shutdown(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Ends the worker, once this is answered."""
    worker.shutdown()
    return {}


def _path(args: Args) -> Path | None:
    path = args.optional_text("path")
    return None if path is None else Path(path).absolute()


def _steer(worker: "Worker", args: Args, act: Callable[[WorkTask], None]) -> Reply:
    """Does something to the task of the request that is named, if it is not over."""
    work = worker.lanes.find(args.integer("id"))
    if work is not None:
        act(work.task)
    return {"found": work is not None}


def _stale(worker: "Worker", nodes: set[str] | None) -> None:
    """Cancels what is now asked about another document than the client sees."""
    if nodes is None or nodes:
        worker.lanes.cancel(
            lambda work: (
                work.verb.stale
                and (nodes is None or (work.node is not None and work.node in nodes))
            ),
            True,
        )
    for listener in worker.changed:
        listener()
