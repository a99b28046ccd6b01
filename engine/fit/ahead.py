"""Pictures read by other threads while the fit works on the one before."""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from engine.io.picture import Picture


def pictures(
    frames: Sequence[int], picture: Callable[[int], Picture], readers: int
) -> Generator[Picture, None, None]:
    """The pictures of frames, in order; at most ``readers + 1`` of them are held.

    Args:
        frames: Frame numbers.
        picture: Frame number to picture.
        readers: Threads that call ``picture``, see ``FitRequest.readers``.

    Raises:
        Exception: What ``picture`` raised for a frame, when it is that frame's turn.
    """
    if readers < 1 or len(frames) < 2:
        yield from map(picture, frames)
        return
    waiting: deque[Future[Picture]] = deque()
    with ThreadPoolExecutor(readers, "reading") as pool:
        try:
            for frame in frames:
                waiting.append(pool.submit(picture, frame))
                if len(waiting) > readers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            # Whoever stops listening waits for the frames that are being read, not for the rest.
            for one in waiting:
                one.cancel()
