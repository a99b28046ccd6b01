"""Results that are kept: in memory and on disk, within budgets, least recently used goes first."""

import contextlib
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from codef_nodes.graph.codec import CorruptError, NotEncodableError, decode, encode
from codef_nodes.graph.memory import ram_budget, size_of
from engine.errors import Cancelled

DISK_BUDGET = 20 * 10**9
_STALE_PART = 3600.0


class Miss:
    """The type of ``MISS``."""


MISS = Miss()
"""Nothing is kept under a key (None may be a value)."""


def cache_folder(given: str | Path | None = None) -> Path:
    """Where caches live: the folder given, ``$CODEF_CACHE``, else the user's cache folder."""
    if given is not None:
        return Path(given).expanduser()
    named = os.environ.get("CODEF_CACHE")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_path("codef", appauthor=False))


class RamCache:
    """Values in memory.

    Args:
        budget: Bytes; None: half of the memory, and 6 GiB are left free.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.budget = ram_budget() if budget is None else budget
        self.bytes = 0
        self._entries: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> Any:
        """The value, which is now the most recently used, or MISS."""
        with self._lock:
            if key not in self._entries:
                return MISS
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def put(self, key: str, value: Any) -> None:
        """Keeps a value and drops what is over the budget."""
        size = size_of(value)
        with self._lock:
            if key in self._entries:
                self.bytes -= self._entries.pop(key)[1]
            if size > self.budget:
                return
            self._entries[key] = value, size
            self.bytes += size
            while self.bytes > self.budget:
                _, (_, freed) = self._entries.popitem(last=False)
                self.bytes -= freed

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._entries.clear()
            self.bytes = 0


class DiskCache:
    """Values in a folder that several processes may use at once.

    Args:
        folder: The folder; made when something is stored.
        budget: Bytes of the files in it.

    Attributes:
        notes: At most one sentence: why nothing is stored any more.
    """

    def __init__(self, folder: Path, budget: int = DISK_BUDGET) -> None:
        self.folder = folder / "values"
        self.budget = budget
        self.notes: list[str] = []
        self._bytes: int | None = None
        self._off = False
        self._lock = threading.Lock()

    def __contains__(self, key: str) -> bool:
        return self._path(key).is_file()

    @property
    def bytes(self) -> int:
        """Bytes of all files, counted now."""
        return sum(size for _, size, _ in self._scan())

    def get(self, key: str) -> Any:
        """The value, or MISS; a damaged file is removed and counts as absent."""
        path = self._path(key)
        try:
            with path.open("rb") as stream:
                content = bytearray(os.fstat(stream.fileno()).st_size)
                filled = stream.readinto(content)
            if filled != len(content):
                raise CorruptError("it changed while it was read")
            value = decode(content)
        except OSError:
            return MISS
        except CorruptError:
            with contextlib.suppress(OSError):
                path.unlink()
            return MISS
        with contextlib.suppress(OSError):
            os.utime(path)  # the time of change is the time of use
        return value

    def put(self, key: str, value: Any) -> bool:
        """Stores a value unless it has no form on disk; returns whether it is there."""
        if self._off:
            return False
        try:
            pieces = encode(value)
        except NotEncodableError:
            return False
        path = self._path(key)
        size = sum(len(piece) for piece in pieces)
        if size > self.budget:
            return False
        partial = path.with_name(f"{key}.{secrets.token_hex(4)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("xb") as stream:
                for piece in pieces:
                    stream.write(piece)
            os.replace(partial, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            if path.is_file():  # Windows refuses to replace what another process reads
                return True
            self._off = True
            self.notes.append(
                f"nothing more is kept in the disk cache {self.folder}: {error.strerror or error}"
            )
            return False
        with self._lock:
            if self._bytes is not None:
                self._bytes += size
            if self._bytes is None or self._bytes > self.budget:
                self._bytes = self._shrink()
        return True

    def clear(self) -> None:
        """Removes every value."""
        for path, _, _ in self._scan():
            with contextlib.suppress(OSError):
                path.unlink()
        self._bytes = 0

    def _shrink(self) -> int:
        """Removes the least recently used beyond the budget; returns what is left."""
        files = sorted(self._scan(), key=lambda entry: entry[2])
        total = sum(size for _, size, _ in files)
        if total <= self.budget:
            return total
        for path, size, _ in files:
            if total <= self.budget * 0.9:  # a little more, so that not every store scans
                break
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
        return total

    def _scan(self) -> list[tuple[Path, int, int]]:
        """Path, size and time of use of every value; left-overs of killed processes go."""
        found = []
        with contextlib.suppress(OSError):
            for path in self.folder.glob("*/*"):
                try:
                    status = path.stat()
                    if path.suffix == ".value":
                        found.append((path, status.st_size, status.st_mtime_ns))
                    elif time.time() - status.st_mtime > _STALE_PART:
                        path.unlink()
                except OSError:
                    continue  # another process was quicker
        return found

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.value"


class _Flight:
    """A computation that is under way."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.value: Any = MISS
        self.error: Exception | None = None


class Cache:
    """Memory before disk; the same key is never computed twice, also not at the same time.

    Args:
        ram: Values in memory; default: with the standard budget.
        disk: Values on disk, or None.
    """

    def __init__(self, ram: RamCache | None = None, disk: DiskCache | None = None) -> None:
        self.ram = RamCache() if ram is None else ram
        self.disk = disk
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    @classmethod
    def standard(cls, folder: str | Path | None = None, most: int | None = None) -> "Cache":
        """With both budgets and the folder of ``cache_folder``.

        Args:
            folder: As for ``cache_folder``.
            most: Bytes of memory to take at most, however much there is.
        """
        budget = ram_budget() if most is None else min(ram_budget(), most)
        return cls(RamCache(budget), DiskCache(cache_folder(folder)))

    @property
    def notes(self) -> list[str]:
        """Sentences for the person."""
        return [] if self.disk is None else self.disk.notes

    def where(self, key: str) -> str | None:
        """``"ram"``, ``"disk"`` or None; moves and loads nothing."""
        if key in self.ram:
            return "ram"
        return "disk" if self.disk is not None and key in self.disk else None

    def once(
        self,
        key: str,
        compute: Callable[[], Any],
        check: Callable[[], None],
        *,
        keep: bool = True,
        disk: bool = False,
    ) -> Any:
        """The value of a key, computed if it is nowhere.

        Whoever asks for a key that another thread computes waits for that one; if that one was
        cancelled, the next in line computes.

        Args:
            key: The key.
            compute: Makes the value.
            check: Called while waiting; raises ``Cancelled``.
            keep: Keep the value in memory.
            disk: Keep it on disk too.
        """
        while True:
            value = self.ram.get(key)
            if value is not MISS:
                return value
            with self._lock:
                flight = self._flights.get(key)
                mine = flight is None
                if flight is None:
                    # Between the look above and here it may have landed.
                    value = self.ram.get(key)
                    if value is not MISS:
                        return value
                    flight = self._flights[key] = _Flight()
            if mine:
                return self._fly(key, flight, compute, keep, disk)
            while not flight.landed.wait(0.1):
                check()
            if flight.value is not MISS:
                return flight.value
            if flight.error is not None:
                raise flight.error

    def _fly(
        self, key: str, flight: _Flight, compute: Callable[[], Any], keep: bool, disk: bool
    ) -> Any:
        try:
            value = self.disk.get(key) if disk and self.disk is not None else MISS
            if value is MISS:
                value = compute()
                if disk and self.disk is not None:
                    self.disk.put(key, value)
            if keep:
                self.ram.put(key, value)
            flight.value = value
            return value
        except Cancelled:
            raise
        except Exception as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[key]
            flight.landed.set()
