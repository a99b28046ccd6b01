"""The verbs of a stroke that is being drawn: both viewers get only what changed.

The document hears of the stroke when it is done, from the window, which keeps its points: a
worker that dies in the middle loses nothing.
"""

import itertools
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codef_nodes.worker.args import Args
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.errors import CodefError, UsageError

if TYPE_CHECKING:
    from codef_nodes.worker.paintlive_follow import Follower
    from codef_nodes.worker.paintlive_start import Started
    from codef_nodes.worker.server import Worker
    from engine.arrays import F32
    from engine.io.picture import Picture
    from engine.paint.stamps import Box

_MOST = 4
"""Strokes that may be open: a client that forgets to end them must not fill the memory."""
_PATIENCE = 0.05
"""Seconds that a request without new points waits for the frame that follows."""
_numbers = itertools.count(1)


@dataclass
class Looked:
    """The part of a picture that a viewer shows.

    Attributes:
        region: In pixels of the picture; None: all.
        scale: Pixels per side of a block.
    """

    region: "Box | None"
    scale: int

    @classmethod
    def of(cls, verb_name: str, given: Any) -> "Looked | None":
        """What a request says of a viewer; None where there is none."""
        if given is None:
            return None
        if not isinstance(given, dict):
            raise UsageError(f"the request {verb_name!r} needs an object for each viewer")
        args = Args(verb_name, given)
        return cls(args.box("region"), args.integer("scale", 1))


@dataclass
class Live:
    """A stroke under way.

    Attributes:
        started: The stroke, and what it is drawn on.
        view: What the viewer that is painted in shows; None: nothing is sent to it.
        follower: The frame that follows, or None.
        follow: What its viewer shows.
    """

    started: "Started"
    view: Looked | None
    follower: "Follower | None" = None
    follow: Looked | None = None


@dataclass
class Sessions:
    """The open strokes of a worker."""

    open: "OrderedDict[str, Live]" = field(default_factory=OrderedDict)

    def add(self, live: Live) -> str:
        """Keeps a stroke; returns its name."""
        name = f"stroke{next(_numbers)}"
        self.open[name] = live
        while len(self.open) > _MOST:
            self.open.popitem(last=False)
        return name


_SESSIONS: "weakref.WeakKeyDictionary[Worker, Sessions]" = weakref.WeakKeyDictionary()


def _sessions(worker: "Worker") -> Sessions:
    return _SESSIONS.setdefault(worker, Sessions())


@verb("paint.begin", role="view", queue="paint")
def begin(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Starts a stroke on a Paint node."""
    from codef_nodes.worker.paintlive_follow import follower_of
    from codef_nodes.worker.paintlive_start import start_stroke

    header = args.get("stroke")
    if not isinstance(header, dict):
        raise UsageError("the request 'paint.begin' needs the stroke without its points")
    node, frame = args.text("node"), args.frame()
    started = start_stroke(worker, node, frame, header, args.optional_integer("index"), task)
    live = Live(started, Looked.of(args.verb, args.get("view")))
    note = ""
    live.follow = Looked.of(args.verb, args.get("follow"))
    if live.follow is not None:
        where = Args(args.verb, args.get("follow"))
        try:
            live.follower = follower_of(worker, started, where.text("node"), where.frame(), task)
        except CodefError as error:
            # The stroke is drawn all the same; the frame is computed when it is done.
            note = error.message
    name = _sessions(worker).add(live)
    return {"session": name, "follows": live.follower is not None, "note": note}


@verb("paint.extend", role="view", queue="paint")
def extend(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Draws on to some more points."""
    live = _sessions(worker).open.get(args.text("session"))
    if live is None:
        raise UsageError(
            f"there is no stroke {args.text('session')!r} under way; begin it again with all its "
            "points"
        )
    points = args.points("points")
    live.started.points += points
    seconds = 0.0 if points else _PATIENCE
    return _answer(worker, live, live.started.stroke.extend(points), emit, seconds)


@verb("paint.end", role="view", queue="paint")
def end(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Ends a stroke, as ``paint.extend`` (a heal is solved as a whole)."""
    from codef_nodes.worker.paintlive_start import ended, lies_outside

    live = _sessions(worker).open.pop(args.text("session"), None)
    if live is None:
        return {}
    answer = _answer(worker, live, live.started.stroke.finish(), emit)
    answer["outside"] = lies_outside(live.started)
    ended(worker, live.started)
    if live.follower is not None:
        live.follower.keep()
    return answer


@verb("paint.abort", role="view", queue="paint")
def abort(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Takes a stroke back, as ``paint.extend``."""
    live = _sessions(worker).open.pop(args.text("session"), None)
    return {} if live is None else _answer(worker, live, live.started.stroke.abort(), emit)


def _answer(
    worker: "Worker", live: Live, box: "Box | None", emit: Emit, seconds: float | None = None
) -> Reply:
    """Sends what is painted on as an event, at once; the answer is the frame that follows."""
    if box is not None:
        stroke, view = live.started.stroke, live.view
        painted: Reply = {"box": list(box), "picture": None}
        if view is not None:
            part = _looked_at(box, view, stroke.bounds)
            if part is not None:
                pixels = stroke.picture(part, live.started.opacity)
                painted["picture"] = _shared(worker, pixels, part, live.started.picture, view)
        emit("painted", painted)
    reply: Reply = {"box": None, "picture": None, "late": False}
    follower, follow = live.follower, live.follow
    if follower is None or follow is None:
        return reply
    seen = follower.update(box, seconds)
    reply["late"] = follower.late
    if seen is None:
        return reply
    reply["box"] = list(seen)
    part = _looked_at(seen, follow, follower.bounds)
    if part is not None:
        pixels = follower.pixels(part)
        reply["picture"] = _shared(worker, pixels, part, follower.picture, follow)
    return reply


def _looked_at(box: "Box", look: Looked, bounds: "Box") -> "Box | None":
    """What of a box a viewer shows, grown to whole blocks inside the picture."""
    from engine.paint.stamps import common

    part = box if look.region is None else common(box, look.region)
    if part is None:
        return None
    s = look.scale
    whole = (part[0] // s * s, part[1] // s * s, -(-part[2] // s) * s, -(-part[3] // s) * s)
    return common(whole, bounds)


def _shared(
    worker: "Worker", pixels: "F32", box: "Box", picture: "Picture", look: Looked
) -> dict[str, Any]:
    from codef_nodes.worker.cropping import crop
    from engine.io.picture import Window

    small, data = crop(pixels, Window(*box), None, look.scale)
    display = picture.display
    return worker.share(
        small,
        data=data,
        display=(display.x0, display.y0, display.x1, display.y1),
        scale=look.scale,
        aspect=picture.pixel_aspect,
    )
