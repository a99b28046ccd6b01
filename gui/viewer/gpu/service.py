"""The one graphics display of the program, in a thread of its own; or why there is none."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from engine.arrays import AnyArray
from gui.viewer.gpu.contexts import Context, EglContext, QtContext, qt_surface
from gui.viewer.gpu.display import GpuDisplay
from gui.viewer.gpu.trouble import GpuError
from gui.viewer.views import Transform

if TYPE_CHECKING:
    from PySide6.QtGui import QOffscreenSurface

    from gui.viewer.display import Look

_CARDS = ("dri/renderD*", "nvidia[0-9]*")
WANTED = ("auto", "off", "always")
"""``always`` takes drivers too that draw with the processor."""


class GpuService:
    """Shows pictures through the graphics processor while that works.

    Until it is known whether there is one, and whenever there is none, ``show`` gives nothing and
    the tables of ``gui.viewer.display`` are used, which give the same codes.

    Attributes:
        reason: One sentence: by what pictures are shown, and why.
    """

    def __init__(self) -> None:
        self.reason = "by the processor: nobody has looked for a graphics card yet"
        self._display: GpuDisplay | None = None
        self._thread: ThreadPoolExecutor | None = None

    def start(self, wanted: str = "auto") -> "Future[None] | None":
        """Looks for a graphics processor, in its thread; call on the UI thread.

        Args:
            wanted: One of ``WANTED``.
        """
        self.stop()
        if wanted == "off":
            self.reason = "by the processor, as the preferences say"
            return None
        surface = qt_surface()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="codef-gpu")
        return self._thread.submit(self._open, surface, wanted)

    def stop(self) -> None:
        """Gives the graphics processor back."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.submit(self._close)
            thread.shutdown()

    def show(self, pixels: AnyArray, look: "Look", made: Transform) -> AnyArray | None:
        """Pixels as the screen shows them, or None where the processor has to do it.

        Args:
            pixels: float32 [H, W, C].
            look: How.
            made: The transform of its view.
        """
        thread = self._thread
        if thread is None or self._display is None or look.warn:
            return None
        try:
            return thread.submit(self._show, pixels, look, made).result()
        except RuntimeError:  # it was stopped meanwhile
            return None

    # In the thread.

    def _open(self, surface: "QOffscreenSurface | None", wanted: str) -> None:
        reasons: list[str] = []
        for make in (lambda: QtContext(surface), EglContext):
            if make is EglContext and wanted != "always" and not graphics_card():
                # Loading a driver costs memory: not for one that would be left alone.
                reasons.append("this machine has no graphics card")
                break
            try:
                context: Context = make()
                display = GpuDisplay(context)
            except GpuError as error:
                reasons.append(str(error))
                continue
            if display.software and wanted != "always":
                reasons.append(f"{display.renderer} is no graphics card")
                display.close()
                continue
            self._display = display
            self.reason = f"by {display.renderer}"
            return
        self.reason = f"by the processor: {'; '.join(reasons)}"

    def _show(self, pixels: AnyArray, look: "Look", made: Transform) -> AnyArray | None:
        if self._display is None:
            return None
        try:
            return self._display.show(pixels, look, made)
        except GpuError as error:
            self._close()
            self.reason = f"by the processor: {error}"
            return None

    def _close(self) -> None:
        display, self._display = self._display, None
        if display is not None:
            display.close()


def graphics_card() -> bool:
    """Whether Linux knows a graphics card; where the system is another one, EGL is not used."""
    return any(True for pattern in _CARDS for _ in Path("/dev").glob(pattern))


service = GpuService()
"""Of this process."""
