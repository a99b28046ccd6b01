"""A stroke on its way to the view worker, so that the picture follows the brush.

At most one message with points is under way; what is drawn meanwhile goes into the next one. The
frame that follows is asked for beside that, so that the brush never waits for it. What the worker
does or fails to do never touches the stroke itself: that is data in the window.
"""

from collections.abc import Callable
from typing import Any, Protocol

from gui.paint.drawing import DrawnStroke

Answer = dict[str, Any]


class Link(Protocol):
    """What is needed of a worker's link (``gui.core.workers.WorkerLink``)."""

    def request(
        self,
        verb: str,
        args: dict[str, Any],
        done: Callable[[Answer], None] | None = None,
        failed: Callable[[Any], None] | None = None,
        event: Callable[[str, Answer], None] | None = None,
    ) -> object:
        """Sends a request; the callbacks run on the UI thread."""


class LiveStroke:
    """Sends one stroke as it is drawn.

    Args:
        link: The view worker's link.
        drawn: The stroke.
        begin: Arguments of ``paint.begin``.
        painted: Called with what changed of the picture that is painted on, as soon as it is there.
        followed: Called with what changed of the frame that follows.
        failed: Called once, with one sentence, when the worker can show no more of it.
    """

    def __init__(
        self,
        link: Link,
        drawn: DrawnStroke,
        begin: dict[str, Any],
        painted: Callable[[Answer], None],
        followed: Callable[[Answer], None],
        failed: Callable[[str], None],
    ) -> None:
        self._link, self._drawn = link, drawn
        self._painted, self._followed, self._tell = painted, followed, failed
        self._session: Any = None
        self._busy = self._late = self._following = False
        self._wanted = ""
        self._over = False
        link.request("paint.begin", begin, self._begun, self._failed)

    @property
    def over(self) -> bool:
        """Nothing more will be sent."""
        return self._over

    def more(self) -> None:
        """Points were added."""
        if self._over or self._session is None or self._busy:
            return
        self._busy = self._send_points()

    def end(self) -> None:
        """The pen is up: the rest and ``paint.end`` are sent at once, behind what is under way."""
        self._wanted = self._wanted or "end"
        if self._session is None or self._over:
            return
        self._send_points()
        self._over = True
        # A heal is solved as a whole: the last pixels come with the end.
        self._close("paint.end")

    def abort(self) -> None:
        """The stroke is not wanted: the pixels go back."""
        self._wanted = "abort"
        if self._session is None or self._over:
            return
        self._over = True
        self._close("paint.abort")

    def drop(self) -> None:
        """The worker is gone; nothing is sent any more."""
        self._over = True

    def _send_points(self) -> bool:
        points = self._drawn.take() if self._drawn.waiting else []
        if points:
            args = {"session": self._session, "points": points}
            self._link.request("paint.extend", args, self._extended, self._failed, self._told)
        return bool(points)

    def _close(self, verb: str) -> None:
        def told(name: str, data: Answer) -> None:
            self._painted(data)

        self._link.request(verb, {"session": self._session}, self._followed, None, told)

    def _told(self, name: str, data: Answer) -> None:
        if name == "painted" and self._wanted != "abort":
            self._painted(data)

    def _begun(self, answer: Answer) -> None:
        if self._over:
            return
        self._session = answer.get("session")
        if answer.get("note"):
            self._tell(str(answer["note"]))
        if self._wanted == "abort":
            self.abort()
        elif self._wanted == "end":
            self.end()
        else:
            self.more()

    def _extended(self, answer: Answer) -> None:
        self._busy = False
        if self._wanted != "abort":
            self._late = self._late or bool(answer.get("late"))
            self._follow()
        self.more()

    def _follow(self) -> None:
        """Asks for the frame where it is behind; the stroke does not wait for it."""
        if self._over or not self._late or self._following:
            return
        self._late, self._following = False, True
        args = {"session": self._session}
        self._link.request("paint.follow", args, self._caught_up, self._unfollowed)

    def _caught_up(self, answer: Answer) -> None:
        self._following = False
        if self._wanted != "abort":
            self._followed(answer)
        self._follow()

    def _unfollowed(self, error: Any) -> None:
        self._following = False
        if not self._over:
            self._tell(str(getattr(error, "message", error)))

    def _failed(self, error: Any) -> None:
        self._busy = False
        if self._over:
            return
        self._over = True
        if self._wanted != "abort":
            self._tell(str(getattr(error, "message", error)))
