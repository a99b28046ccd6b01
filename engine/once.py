"""Values that are made once, whoever asks first."""

import threading
import weakref
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Values by the objects that they were made of; each is made by the first thread that asks.

    The others wait for that one. A value goes when one of its objects does.
    """

    def __init__(self) -> None:
        self._made: dict[Hashable, Future[T]] = {}
        self._ends: dict[Hashable, list[weakref.finalize[..., object]]] = {}
        self._lock = threading.Lock()

    def get(self, objects: tuple[object, ...], plain: Hashable, make: Callable[[], T]) -> T:
        """The value for these objects and plain values.

        Args:
            objects: Compared by identity; they must allow weak references.
            plain: Compared by value.
            make: Makes the value. What it raises is raised, and it is tried again next time.
        """
        key = (tuple(map(id, objects)), plain)
        with self._lock:
            found = self._made.get(key)
            if found is None:
                self._made[key] = mine = Future[T]()
        if found is not None:
            return found.result()
        try:
            value = make()
        except BaseException as error:
            self._forget(key)
            mine.set_exception(error)
            raise
        mine.set_result(value)
        ends = [weakref.finalize(each, self._forget, key) for each in objects]
        for end in ends:
            end.atexit = False
        self._ends[key] = ends
        return value

    def _forget(self, key: Hashable) -> None:
        # No lock: objects die anywhere, also while this very thread holds it.
        self._made.pop(key, None)
        for end in self._ends.pop(key, ()):
            end.detach()
