"""Nuke's rules: its objects live in the main thread, errors are shown, one step undoes a change."""

from __future__ import annotations

import contextlib
import functools
import threading
import traceback
from typing import Any, Callable, Iterator, TypeVar

import nuke

from .plugin import CodefError

Function = TypeVar("Function", bound=Callable[..., Any])

LOG: list[str] = []
"""What was told, newest last; the panel shows it."""
_MOST_LINES = 500


def in_main_thread() -> bool:
    """Whether Nuke's objects may be touched here."""
    return threading.current_thread() is threading.main_thread()


def later(call: Callable[[], Any]) -> None:
    """Runs something in the main thread, from any thread, without waiting for it."""
    nuke.executeInMainThread(shown(call))


def now(call: Callable[[], Any]) -> Any:
    """Runs something in the main thread and gives its result; errors are raised here.

    Nuke's own call prints an exception and returns None, and it would wait for ever when it is
    called from the main thread.
    """
    if in_main_thread():
        return call()
    kept: list[Any] = []

    def kept_call() -> None:
        try:
            kept.append((call(), None))
        except Exception as error:  # noqa: BLE001 - raised again, in the thread that asked
            kept.append((None, error))

    nuke.executeInMainThreadWithResult(kept_call)  # type: ignore[no-untyped-call]
    if not kept:
        raise CodefError("Nuke did not run what it was asked to; try again")
    result, error = kept[0]
    if error is not None:
        raise error
    return result


def shown(function: Function) -> Function:
    """Decorator: an error is shown to the person, once, and does not pass."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the last boundary before Nuke's own code
            tell_error(error)
        return None

    return guarded  # type: ignore[return-value]


def tell_error(error: BaseException) -> None:
    """Shows an error in a dialog, or in the terminal where there is no window; keeps it."""
    if isinstance(error, CodefError):
        if error.cancelled:
            log("cancelled")
            return
        text = error.message
        if error.file and error.file not in text:
            text += "\n" + error.file
    else:
        # A fault of ours: the whole story goes to the terminal, the person gets one sentence.
        nuke.tprint(traceback.format_exc())
        text = f"Codef Nodes: {error} ({type(error).__name__}); the terminal has the details"
    log("error: " + text)
    if nuke.GUI:
        nuke.message(text)
    else:
        nuke.tprint(text)


def log(text: str) -> None:
    """Keeps a line for the panel."""
    LOG.append(text)
    del LOG[:-_MOST_LINES]


@contextlib.contextmanager
def one_undo(name: str) -> Iterator[None]:
    """What happens inside is one step of undo; an error leaves nothing of it."""
    nuke.Undo.begin()
    nuke.Undo.name(name)
    try:
        yield
    except BaseException:
        nuke.Undo.cancel()
        raise
    nuke.Undo.end()


@contextlib.contextmanager
def no_undo() -> Iterator[None]:
    """What happens inside leaves no trace in the undo list."""
    nuke.Undo.disable()
    try:
        yield
    finally:
        nuke.Undo.enable()


def slashed(path: str) -> str:
    """A path as Nuke wants it on every system."""
    return path.replace("\\", "/")
