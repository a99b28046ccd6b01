"""The verbs of a stroke that is being drawn: both viewers get only what changed.

The document hears of the stroke when it is done, from the window, which keeps its points: a
worker that dies in the middle loses nothing.
"""

import itertools
import threading
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
        behind: What changed of the picture since the frame followed.
        lock: For ``behind``: the stroke and the frame that follows run beside each other.
        following: Held while the frame follows.
    """

    started: "Started"
    view: Looked | None
    follower: "Follower | None" = None
    follow: Looked | None = None
    behind: "Box | None" = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    following: threading.Lock = field(default_factory=threading.Lock)

    @property
    def late(self) -> bool:
        """Whether the frame that follows is behind."""
        return self.behind is not None and self.follower is not None and self.follow is not None

    def changed(self, box: "Box") -> None:
        """The picture that is painted on changed."""
        from engine.paint.stamps import united

        with self.lock:
            self.behind = box if self.behind is None else united(self.behind, box)


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
    _paint(worker, live, live.started.stroke.extend(points), emit)
    return {"late": live.late}


@verb("paint.follow", role="view", queue="follow")
def follow(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Lets the frame follow all that was drawn so far; the stroke goes on meanwhile."""
    live = _sessions(worker).open.get(args.text("session"))
    return {"box": None, "picture": None} if live is None else _follow(worker, live)


@verb("paint.end", role="view", queue="paint")
def end(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Ends a stroke (a heal is solved as a whole); the answer is the rest of the frame."""
    from codef_nodes.worker.paintlive_start import ended, lies_outside

    live = _sessions(worker).open.pop(args.text("session"), None)
    if live is None:
        return {}
    _paint(worker, live, live.started.stroke.finish(), emit)
    answer = _follow(worker, live)
    answer["outside"] = lies_outside(live.started)
    answer["changes"] = live.started.stroke.changes
    ended(worker, live.started)
    if live.follower is not None:
        live.follower.keep()
    return answer


@verb("paint.abort", role="view", queue="paint")
def abort(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Takes a stroke back; the answer is the frame as it was."""
    live = _sessions(worker).open.pop(args.text("session"), None)
    if live is None:
        return {}
    _paint(worker, live, live.started.stroke.abort(), emit)
    return _follow(worker, live)


def _paint(worker: "Worker", live: Live, box: "Box | None", emit: Emit) -> None:
    """Sends what changed of the picture that is painted on as an event."""
    if box is None:
        return
    stroke, view = live.started.stroke, live.view
    painted: Reply = {"box": list(box), "picture": None}
    if view is not None:
        part = _looked_at(box, view, stroke.bounds)
        if part is not None:
            pixels = stroke.picture(part, live.started.opacity)
            painted["picture"] = _shared(worker, pixels, part, live.started.picture, view)
    live.changed(box)
    emit("painted", painted)


def _follow(worker: "Worker", live: Live) -> Reply:
    """The frame that follows, where it was behind."""
    reply: Reply = {"box": None, "picture": None}
    follower, follow = live.follower, live.follow
    if follower is None or follow is None:
        return reply
    with live.following:
        with live.lock:
            box, live.behind = live.behind, None
        seen = None if box is None else follower.update(box)
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
