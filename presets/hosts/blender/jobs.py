# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""Operators that wait for the program: modal with progress and Esc, or to the end in a script."""

from typing import Any

import bpy

from . import plugin, session  # type: ignore[attr-defined]
from .clips import ClipError
from .compositing import BakeError

UNDO = {"UNDO"}
"""Options of an operator that is one step to undo; without a panel that would run it again."""
TROUBLE = (plugin.CodefError, ClipError, BakeError, OSError)


class Job:
    """An operator with one request to the program; subclasses say which and what comes of it."""

    doing = ""
    document = ""
    _request: Any = None
    _timer: Any = None

    @classmethod
    def poll(cls, context: Any) -> bool:
        """One job at a time."""
        if session.busy:
            cls.poll_message_set(f"{session.busy}; Esc stops it")  # type: ignore[attr-defined]
            return False
        return True

    def begin(self, context: Any, **calls: Any) -> Any:
        """Sends the request, with ``calls`` for its callbacks; sets ``self.document``."""
        raise NotImplementedError

    def finish(self, context: Any, answer: dict[str, Any]) -> str:
        """Makes something of the answer; returns a line for the artist."""
        raise NotImplementedError

    def execute(self, context: Any) -> set[str]:
        """From a script: waits."""
        try:
            self._start(context)
            while not self._request.over:
                session.worker().poll(0.25)
        except TROUBLE as error:
            return self._failed(context, error)
        except BaseException:  # Ctrl-C above all: the program must not go on for nobody
            self.cancel(context)
            raise
        return self._settled(context)

    def invoke(self, context: Any, event: Any) -> set[str]:
        """From a button: goes on beside the artist's work."""
        if bpy.app.background or context.window is None:
            return self.execute(context)
        try:
            self._start(context)
        except TROUBLE as error:
            return self._failed(context, error)
        manager = context.window_manager
        self._timer = manager.event_timer_add(0.1, window=context.window)
        manager.modal_handler_add(self)
        manager.progress_begin(0, 1000)
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> set[str]:
        """Hears the program at each tick."""
        if event.type == "ESC" and event.value == "PRESS":
            self._request.cancel()
            self._say(context, "stopping")
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        session.worker().poll()
        if not self._request.over:
            return {"PASS_THROUGH"}
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        result = self._settled(context)
        _redraw(context)
        return result

    def cancel(self, context: Any) -> None:
        """Blender ends the operator, as when another file is opened."""
        if self._request is not None:
            self._request.cancel()
        session.free()

    def _start(self, context: Any) -> None:
        session.busy = self.doing
        self._request = session.request = self.begin(context, on_event=self._heard)
        self._say(context, self.doing, "")

    def _heard(self, name: str, data: dict[str, Any]) -> None:
        context = bpy.context
        if name == "note":
            self._say(context, str(data.get("text", "")))
        if name != "progress":
            return
        share = float(data.get("fraction") or 0.0)
        left = data.get("seconds_left")
        more = f", {_time(left)} left" if isinstance(left, int | float) else ""
        self._say(context, f"{data.get('label') or self.doing}: {share:.0%}{more}")
        if not bpy.app.background:
            context.window_manager.progress_update(int(share * 1000))
            session.share = share
            _redraw(context)

    def _settled(self, context: Any) -> set[str]:
        session.free()
        error = self._request.error
        if error is not None:
            return self._failed(context, error)
        try:
            said = self.finish(context, self._request.answer)
            session.watch(self.document)
        except TROUBLE as trouble:
            return self._failed(context, trouble)
        self._say(context, said, "")
        self.report({"INFO"}, said)  # type: ignore[attr-defined]
        return {"FINISHED"}

    def _failed(self, context: Any, error: Exception) -> set[str]:
        session.free()
        message = str(error)
        if getattr(error, "cancelled", False):
            self._say(context, "stopped", "")
            self.report({"INFO"}, f"{self.doing}: stopped")  # type: ignore[attr-defined]
        else:
            self._say(context, "", message)
            self.report({"ERROR"}, message)  # type: ignore[attr-defined]
        return {"CANCELLED"}

    def _say(self, context: Any, status: str, error: str | None = None) -> None:
        item = session.find(context.scene, self.document) if self.document else None
        if item is not None:
            item.status = status
            if error is not None:
                item.error = error


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _redraw(context: Any) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("CLIP_EDITOR", "NODE_EDITOR", "SEQUENCE_EDITOR"):
                area.tag_redraw()
