"""The closed list of what a worker does. Each verb is a plain function that is listed here.

A module adds its verbs so, and ``VERB_MODULES`` names the module::

    @verb("sample", role="view", queue="query")
    def sample(worker: WorkerSide, args: Args, task: WorkTask, emit: Emit) -> Reply:
        picture = worker.evaluator.value(args.text("node"), args.frame(), task)
        return {"mean": ...}

The function runs in a thread of the worker; it may raise any ``CodefError``, which becomes the
answer. ``task.check()`` at least every half second; ``task.report`` becomes "progress" events of
the request (at most ten a second); ``emit(name, data)`` sends any other event of the request.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import UsageError

if TYPE_CHECKING:
    from codef_nodes.worker.args import Args
    from codef_nodes.worker.server import Worker
    from codef_nodes.worker.work import WorkTask

ROLES = ("view", "jobs", "host", "all")
QUEUES = ("document", "control", "slot", "place", "query", "paint", "follow", "job")
"""How requests wait for each other.

* ``document``, ``control``: done by the reader thread at once, in the order of arrival; quick only.
* ``slot``: a thread for each ``args["slot"]``; a newer request of the slot cancels the older ones,
  unless it says ``"keep": true``; those have threads of their own.
* ``place``: one thread that nothing slow ever takes; a newer request of the same ``args["slot"]``
  cancels the older ones, requests without a slot are all answered.
* ``query``: two threads for all.
* ``paint``: one thread, strictly in order, never stale.
* ``follow``: another one, for the frame that follows what is painted.
* ``job``: one thread, strictly in order, never stale: an edit does not stop a render.
"""

VERB_MODULES: Mapping[str, tuple[str, ...]] = {
    "view": (
        "codef_nodes.worker.viewing",
        "codef_nodes.worker.queries",
        "codef_nodes.worker.clips",
        "codef_nodes.worker.sampling",
        "codef_nodes.worker.mapping",
        "codef_nodes.worker.overlays",
        "codef_nodes.worker.maskoverlay",
        "codef_nodes.worker.paintlive",
        "codef_nodes.worker.cachebook",
    ),
    "jobs": (
        "codef_nodes.worker.jobs",
        "codef_nodes.worker.roundtrip",
        "codef_nodes.worker.cachebook",
    ),
    "host": ("codef_nodes.worker.hosting",),
}

Reply = dict[str, Any]
Emit = Callable[[str, dict[str, Any]], None]
Run = Callable[["Worker", "Args", "WorkTask", Emit], Reply]
Function = TypeVar("Function", bound=Callable[..., Reply])


@dataclass(frozen=True)
class Verb:
    """One thing that a worker does.

    Attributes:
        name: The word in the message.
        run: Does it.
        role: Which workers know it: ``view``, ``jobs``, ``host`` (those of hosts only), or ``all``.
        queue: See ``QUEUES``.
        stale: An edit above ``args["node"]`` cancels it (for ``slot``, ``place`` and ``query``).
    """

    name: str
    run: Run
    role: str
    queue: str
    stale: bool


_VERBS: dict[str, Verb] = {}


def verb(
    name: str, *, role: str = "view", queue: str = "query", stale: bool | None = None
) -> Callable[[Function], Function]:
    """Decorator: lists a function as a verb.

    Args:
        name: The word in the message.
        role: ``view``, ``jobs``, ``host`` or ``all``.
        queue: See ``QUEUES``.
        stale: An edit above ``args["node"]`` cancels it; default: in ``slot``, ``place`` and
            ``query``.
    """
    if role not in ROLES or queue not in QUEUES:
        raise UsageError(f"verb {name}: no such role or queue: {role}, {queue}")

    def add(function: Function) -> Function:
        known = _VERBS.get(name)
        if known is not None and known.run.__module__ != function.__module__:
            raise UsageError(f"two modules list a verb {name}: {known.run.__module__} and ours")
        outdated = queue in ("slot", "place", "query") if stale is None else stale
        _VERBS[name] = Verb(name, function, role, queue, outdated)
        return function

    return add


def load_verbs(role: str) -> dict[str, Verb]:
    """Imports the modules of a role and gives its verbs by name."""
    roles = ("view", "jobs", "host") if role == "all" else (role,)
    importlib.import_module("codef_nodes.worker.documents")
    for each in roles:
        for module in VERB_MODULES[each]:
            importlib.import_module(module)
    return {
        name: found
        for name, found in _VERBS.items()
        if role == "all" or found.role in (role, "all")
    }
