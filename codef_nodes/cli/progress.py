"""Progress for a person: a bar on a terminal, a line now and then in a log."""

import contextlib
import shutil
import threading
import time
from typing import TextIO

from engine.progress import Progress


def duration(seconds: float) -> str:
    """``42 s``, ``3:07``, ``1:02:45``."""
    whole = round(max(seconds, 0.0))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def sentence(progress: Progress) -> str:
    """A report in words, without the bar."""
    words = [f"{progress.fraction:4.0%}", progress.label or "working"]
    figures = dict(progress.figures)
    if "frame" in figures and "frames" in figures:
        words.append(f"frame {figures.pop('frame'):g} of {figures.pop('frames'):g}")
    for name, value in figures.items():
        if name == "psnr" or name.endswith("_db"):
            words.append(f"{value:.2f} dB")
        else:
            words.append(f"{name} {value:g}")
    if progress.seconds_left is not None and progress.fraction < 1:
        words.append(f"{duration(progress.seconds_left)} left")
    return "  ".join(words)


def put(stream: TextIO, text: str) -> None:
    """Writes to standard error; a log on a full disk, or a closed one, stops no work."""
    with contextlib.suppress(OSError, ValueError):
        try:
            stream.write(text)
        except UnicodeEncodeError:  # a terminal that is not UTF-8 and a path with other letters
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()


class Meter:
    """Shows nothing; the base of the others. Safe to call from any thread."""

    def __call__(self, progress: Progress) -> None:
        """Takes a report."""

    def clear(self) -> None:
        """Makes room for a line of text."""

    def finish(self) -> None:
        """Ends the display."""


class LogLines(Meter):
    """A plain line every few seconds, and when a kind of work is heard of for the first time.

    Args:
        stream: Where the lines go.
        every: Seconds between lines.
    """

    def __init__(self, stream: TextIO, every: float = 5.0) -> None:
        self._stream, self._every = stream, every
        self._lock = threading.Lock()
        self._last = -every
        self._labels: set[str] = set()

    def __call__(self, progress: Progress) -> None:
        with self._lock:
            now = time.monotonic()
            wait = self._every if progress.label in self._labels else self._every / 10
            if now - self._last < wait:
                return
            self._last = now
            self._labels.add(progress.label)
            put(self._stream, sentence(progress) + "\n")


class Bar(Meter):
    """One line that is written again and again on a terminal.

    Args:
        stream: The terminal.
        every: Seconds between two drawings.
    """

    def __init__(self, stream: TextIO, every: float = 0.1) -> None:
        self._stream, self._every = stream, every
        self._lock = threading.Lock()
        self._last = 0.0
        self._shown = False

    def __call__(self, progress: Progress) -> None:
        with self._lock:
            now = time.monotonic()
            if now - self._last < self._every and progress.fraction < 1:
                return
            self._last = now
            columns = shutil.get_terminal_size((80, 24)).columns
            text = sentence(progress)
            room = min(columns - len(text) - 4, 40)
            bar = ""
            if room >= 8:
                done = round(room * progress.fraction)
                bar = "[" + "#" * done + "-" * (room - done) + "] "
            put(self._stream, "\r\x1b[K" + (bar + text)[: columns - 1])
            self._shown = True

    def clear(self) -> None:
        with self._lock:
            if self._shown:
                put(self._stream, "\r\x1b[K")
                self._shown = False

    def finish(self) -> None:
        self.clear()


def meter_for(stream: TextIO, *, quiet: bool = False) -> Meter:
    """The meter that suits a stream."""
    if quiet:
        return Meter()
    return Bar(stream) if stream.isatty() else LogLines(stream)
