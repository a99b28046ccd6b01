"""How much of a frame fits on a device at a time, and what becomes of work that does not."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import torch

from engine.edit.device_stills import Stills
from engine.fields.field import Field
from engine.kernels.backends.choose import kernels_for
from engine.kernels.device.room import USABLE, free_on, working_on
from engine.warp.sheet import Sheet

log = logging.getLogger(__name__)
T = TypeVar("T")
Say = Callable[[str], None]

#: Bytes that a pixel of a layer takes on its way.
POINT = 256
#: Rows of a band at least, and pixels around what is wanted: footprints look beside them.
LEAST, RIM = 16, 1


class DeviceRoom:
    """A device that frames are made on: its memory, its stills, and whether it still works.

    All jobs share one (``engine.edit.device.room_on``); none of them works while another does.

    Args:
        device: Where.
        free: Gives the bytes that are free there; None: asks the device.
    """

    def __init__(self, device: torch.device, free: Callable[[], int | None] | None = None) -> None:
        self.stills = Stills(device, kernels_for(device))
        self._device = device
        self._free = free or partial(free_on, device)
        self._lock = threading.RLock()
        self._most: int | None = None
        self._problem = ""

    def try_in(
        self, field: Field, sheets: list[Sheet], work: Callable[[int], T | None], say: Say
    ) -> T | None:
        """Does some work with as many rows at a time as fit, fewer when the device is full.

        Args:
            field: Whose frame it is.
            sheets: The stills that it reads.
            work: Gets the number of rows.
            say: Called with what does not go as it should.

        Returns:
            What the work gives; None where the processor must do it.
        """
        with self._lock, torch.no_grad(), working_on(self._device):
            while not self._problem:
                rows = self._rows(field, sheets, say)
                if rows is None:
                    return None
                try:
                    return work(rows)
                except torch.OutOfMemoryError:
                    self._forget()
                    self._most = rows // 2
                    say(f"{self._device} is full after all")
                except RuntimeError as error:
                    # A driver that is gone, a card that hangs: whatever it is, frames come first.
                    log.info("carrying fails on %s", self._device, exc_info=True)
                    lines = str(error).strip().splitlines() or [type(error).__name__]
                    self._problem = f"{self._device} fails ({lines[0][:160]})"
            say(f"{self._problem}; the processor goes on")
        return None

    def clear(self) -> None:
        """Gives the memory back; what comes next is planned anew."""
        with self._lock:
            self.stills.keep([])
            self._forget()
            self._most = None

    def _rows(self, field: Field, sheets: list[Sheet], say: Say) -> int | None:
        """Rows of a frame that fit at a time; None where not even a band does."""
        room = self._left(sheets)
        each, rows = field.width * POINT * len(field.layers), field.height
        if room is not None:
            rows = max(room, 0) // each - 2 * RIM
        if self._most is not None:
            rows = min(rows, self._most)
        if rows + 2 * RIM >= field.height:
            return field.height
        if rows < LEAST:
            say(f"{self._device} has too little memory free; the processor carries edits")
            return None
        say(f"{self._device} has little memory free: frames are carried in bands")
        return rows

    def _left(self, sheets: list[Sheet], last: bool = False) -> int | None:
        """Bytes for the pixels of a frame when the stills are there; None: no limit is known."""
        free = self._free()
        if free is None:
            return None
        left = int(USABLE * free) - self.stills.missing(sheets)
        if left > 0 or last:
            return left
        self.stills.keep(sheets)
        self._forget()
        return self._left(sheets, last=True)

    def _forget(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
