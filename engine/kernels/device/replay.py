"""Work on a device that is the same every time but for what its tensors hold, recorded once.

A card is asked for some hundred small things in a step of a fit, and asking takes longer than most
of them do. A recorded step (a CUDA graph) is asked for in one call.

What is recorded reads its inputs from tensors that stay where they are and leaves its results in
such tensors; nothing in it may wait for the device or depend on a number that only the device
knows. ``tests/engine/kernels/device/tape.py`` holds the steps of the fits to that without a card.
"""

import logging
from collections.abc import Callable, Hashable
from typing import Protocol

import torch

log = logging.getLogger(__name__)

Work = Callable[[], None]


class Recorder(Protocol):
    """What records work."""

    def __call__(self, work: Work) -> Work:
        """Takes down what ``work`` asks of the device, without doing it; returns what does it."""
        ...


class CudaGraphs:
    """Records on a card.

    All recordings share one pool of memory, since none is at work while another is.

    Args:
        device: The card.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.forget()
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def __call__(self, work: Work) -> Work:
        """See ``Recorder``.

        Raises:
            torch.OutOfMemoryError: The card is full.
            RuntimeError: Something in it cannot be recorded.
        """
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize(self._device)
        # What the runs before have left over is the memory of this one.
        torch.cuda.empty_cache()
        with torch.cuda.stream(self._stream):
            # Other threads may go on allocating meanwhile.
            graph.capture_begin(pool=self._pool, capture_error_mode="thread_local")
            try:
                work()
            finally:
                graph.capture_end()
        return graph.replay

    def forget(self) -> None:
        """All recordings are gone; the next ones get other memory, for some of it may live on."""
        self._pool = torch.cuda.graph_pool_handle()


class Replays:
    """Kinds of work on one device, each recorded when it comes for the second time.

    The first time is done as it is: it compiles kernels and fills what is kept. Where nothing can
    be recorded (the processor, a driver that refuses), everything is done as it is for ever.

    Args:
        device: Where.
        tell: Called with a sentence for the person when recording is given up.
        recorder: What records; None: what fits the device.
    """

    def __init__(
        self,
        device: torch.device,
        tell: Callable[[str], None] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._device, self._tell = device, tell
        self._recorder = recorder
        if recorder is None and device.type == "cuda":
            self._recorder = CudaGraphs(device)
        self._known: dict[Hashable, Work | None] = {}

    @property
    def records(self) -> bool:
        """Whether anything is recorded at all."""
        return self._recorder is not None

    def run(self, key: Hashable, work: Work, first: Work | None = None) -> None:
        """Does some work.

        Args:
            key: Tells work from work: everything that shapes it and is not read from tensors,
                the places of these tensors included.
            work: What is to be done, in a form that can be recorded.
            first: The same in a form that answers a cancel and a full card on its way; it is used
                as long as nothing is recorded. None: ``work``.

        Raises:
            torch.OutOfMemoryError: The card is full; nothing of a recording has been done.
        """
        if self._recorder is None or key not in self._known:
            (first or work)()
            self._known[key] = None
            return
        play = self._known[key]
        if play is None:
            play = self._recorded(work)
            if play is None:
                (first or work)()
                return
            self._known[key] = play
        play()

    def _recorded(self, work: Work) -> Work | None:
        """A recording, or None, and then there will be none any more."""
        if self._recorder is None:
            return None
        try:
            return self._recorder(work)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            # Ending a recording that ran out of memory fails in its turn, and hides why.
            if isinstance(error.__context__, torch.OutOfMemoryError):
                raise error.__context__ from None
            log.info("recording fails on %s", self._device, exc_info=True)
            self._recorder = None
            self.forget()
            if self._tell is not None:
                reason = str(error).strip().partition("\n")[0][:160]
                self._tell(
                    f"{self._device} does not record its work as a CUDA graph ({reason}); going on "
                    "without, which is slower"
                )
            return None

    def forget(self) -> None:
        """Gives back the memory of all recordings."""
        self._known.clear()
        if isinstance(self._recorder, CudaGraphs):
            self._recorder.forget()
