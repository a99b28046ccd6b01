"""Which request waits for which: threads with queues, cancel, and one answer for each request."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from codef_nodes.cli.failures import as_codef_error
from codef_nodes.worker.protocol import error_to_json
from codef_nodes.worker.work import Work
from engine.errors import Cancelled, CodefError, UsageError

log = logging.getLogger(__name__)

_TELL_SECONDS = 0.1
_MOST_SLOTS = 16
_THREADS = {"keep": 2, "query": 2}
Do = Callable[[Work], dict[str, Any]]
Answer = Callable[[Work, dict[str, Any]], None]


class Lane:
    """A queue with a few threads, which start when there is something to do.

    Args:
        name: For the threads.
        threads: How many may work at once.
        run: Does one piece of work.
    """

    def __init__(self, name: str, threads: int, run: Callable[[Work], None]) -> None:
        self._name, self._most, self._run = name, threads, run
        self._waiting: deque[Work] = deque()
        self._condition = threading.Condition()
        self._threads = self._idle = 0

    def put(self, work: Work) -> None:
        """Queues a piece of work."""
        with self._condition:
            self._waiting.append(work)
            if self._idle < len(self._waiting) and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._loop, name=self._name, daemon=True).start()
            self._condition.notify()

    def drop(self, work: Work) -> bool:
        """Takes a piece out of the queue; returns whether it was still waiting."""
        with self._condition:
            if work in self._waiting:
                self._waiting.remove(work)
                return True
            return False

    def _loop(self) -> None:
        while True:
            with self._condition:
                self._idle += 1
                while not self._waiting:
                    self._condition.wait()
                self._idle -= 1
                work = self._waiting.popleft()
            self._run(work)


class Lanes:
    """All work of a worker.

    Args:
        do: Does a piece of work and returns what to answer; may raise.
        answer: Sends the answer to a piece of work.
        discard: Gets what was done in vain.
    """

    def __init__(self, do: Do, answer: Answer, discard: Callable[[Work], None]) -> None:
        self._do, self._answer, self._discard = do, answer, discard
        self._lanes: dict[str, Lane] = {}
        self._works: dict[int, Work] = {}
        self._settled: set[int] = set()
        self._lock = threading.RLock()
        self._current = threading.local()
        self._busy = threading.Event()
        threading.Thread(target=self._tick, name="codef-progress", daemon=True).start()

    @property
    def current(self) -> Work | None:
        """The work that this very thread is doing."""
        found: Work | None = getattr(self._current, "work", None)
        return found

    def works(self) -> list[Work]:
        """All that is waiting or under way."""
        with self._lock:
            return list(self._works.values())

    def submit(self, work: Work) -> None:
        """Queues work; a view or a place overtakes the older ones of its slot.

        Raises:
            UsageError: The id is taken, or there are too many slots.
        """
        with self._lock:
            if work.number in self._works:
                raise UsageError(f"there is a request with the id {work.number} already")
            lane = self._lane(work)
            if work.slot is not None and not work.keep:
                queue, slot = work.verb.queue, work.slot
                self.cancel(
                    lambda other: (
                        (other.verb.queue, other.slot) == (queue, slot) and not other.keep
                    ),
                    True,
                )
            self._works[work.number] = work
        self._busy.set()
        lane.put(work)

    def cancel(self, chosen: Callable[[Work], bool], overtaken: bool = False) -> int:
        """Cancels work; what nobody waits for any more is answered at once. Returns how many."""
        with self._lock:
            works = [work for work in self._works.values() if chosen(work)]
        for work in works:
            work.cancel(overtaken)
            waiting = self._lane(work).drop(work)
            if waiting or work.verb.queue in ("slot", "place", "query"):
                self._settle(work, {"error": error_to_json(_reason(work))})
            if waiting:
                self._forget(work)
        return len(works)

    def find(self, number: int) -> Work | None:
        """The work of a request, or None when it is done."""
        with self._lock:
            return self._works.get(number)

    def answered(self, work: Work) -> bool:
        """Whether the client has its answer already."""
        with self._lock:
            return work.number in self._settled or work.number not in self._works

    def _tick(self) -> None:
        """Tells how far the work is, as long as there is any."""
        while True:
            self._busy.wait()
            time.sleep(_TELL_SECONDS)
            with self._lock:
                works = list(self._works.values())
                if not works:
                    self._busy.clear()
            for work in works:
                work.tell_progress()

    def _lane(self, work: Work) -> Lane:
        queue = work.verb.queue
        if queue == "slot":
            if work.slot is None:
                raise UsageError(f"the request {work.verb.name!r} needs a text as 'slot'")
            queue = "keep" if work.keep else f"slot:{work.slot}"
        if queue not in self._lanes:
            if len(self._lanes) >= _MOST_SLOTS:
                raise UsageError(f"there are {_MOST_SLOTS} slots already; use one of them again")
            name = f"codef-{queue}"
            self._lanes[queue] = Lane(name, _THREADS.get(queue, 1), self._run)
        return self._lanes[queue]

    def _run(self, work: Work) -> None:
        self._current.work = work
        work.state = "running"
        try:
            work.task.check()
            answer = {"ok": self._do(work)}
            if work.verb.queue == "job":
                work.tell_progress()
        except Cancelled:
            answer = {"error": error_to_json(_reason(work))}
        except Exception as error:
            known = as_codef_error(error)
            if known.code == CodefError.code:  # nobody thought of it: where it was is worth knowing
                log.exception("%s failed", work.verb.name)
            answer = {"error": error_to_json(known)}
        finally:
            self._current.work = None
        if not self._settle(work, answer):
            self._discard(work)
        self._forget(work)

    def _settle(self, work: Work, answer: dict[str, Any]) -> bool:
        with self._lock:
            if work.number in self._settled:
                return False
            self._settled.add(work.number)
        self._answer(work, answer)
        return True

    def _forget(self, work: Work) -> None:
        with self._lock:
            self._works.pop(work.number, None)
            self._settled.discard(work.number)


def _reason(work: Work) -> Cancelled:
    return Cancelled("something newer was asked for") if work.overtaken else Cancelled()
