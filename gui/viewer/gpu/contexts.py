"""OpenGL contexts without a window: Qt's own, else EGL's (Linux)."""

import ctypes
import ctypes.util
from typing import Protocol

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext, QSurfaceFormat

from gui.viewer.gpu.trouble import GpuError

_SURFACELESS, _DEVICE = 0x31DD, 0x313F
_OPENGL_API, _NONE = 0x30A2, 0x3038
_CORE_3_3 = (0x3098, 3, 0x30FB, 3, 0x30FD, 1, _NONE)
_P, _I, _U = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint


class Context(Protocol):
    """A context that belongs to the thread which makes it current."""

    def make_current(self) -> None:
        """Raises ``GpuError`` where that fails."""

    def address(self, name: str) -> int:
        """Where a function of OpenGL is; 0 where it is not."""

    def close(self) -> None:
        """Gives it back."""


class QtContext:
    """A context of the platform that the window is shown on.

    Args:
        surface: Made on the UI thread, see ``qt_surface``.

    Raises:
        GpuError: The platform gives none.
    """

    def __init__(self, surface: QOffscreenSurface | None) -> None:
        if surface is None or not surface.isValid():
            raise GpuError("the window system gives no surface for OpenGL")
        self._surface = surface
        self._context = QOpenGLContext()
        self._context.setFormat(surface.format())
        if not self._context.create():
            raise GpuError("the window system gives no OpenGL context")

    def make_current(self) -> None:
        """Makes it current in this thread."""
        if not self._context.makeCurrent(self._surface):
            raise GpuError("Qt's OpenGL context cannot be used beside the window")

    def address(self, name: str) -> int:
        """Where a function is."""
        return int(self._context.getProcAddress(name.encode()) or 0)

    def close(self) -> None:
        """Gives it back."""
        self._context.doneCurrent()


def qt_surface() -> QOffscreenSurface | None:
    """A surface for ``QtContext``; call on the UI thread. None where the platform has none."""
    application = QGuiApplication.instance()
    if not isinstance(application, QGuiApplication) or application.platformName() in (
        "offscreen",
        "minimal",
        "vnc",
        "linuxfb",
    ):
        return None
    form = QSurfaceFormat()
    form.setVersion(3, 3)
    form.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    surface = QOffscreenSurface()
    surface.setFormat(form)
    surface.create()
    return surface


class EglContext:
    """A context without any window system: of the first graphics card, else in software.

    Raises:
        GpuError: There is no EGL, or it gives no OpenGL 3.3.
    """

    def __init__(self) -> None:
        name = ctypes.util.find_library("EGL")
        if name is None:
            raise GpuError("there is no EGL library")
        try:
            self._egl = egl = ctypes.CDLL(name)
        except OSError as error:
            raise GpuError(f"EGL cannot be loaded ({error})") from error
        for function, result, arguments in (
            ("eglGetProcAddress", _P, (ctypes.c_char_p,)),
            ("eglInitialize", _U, (_P, _P, _P)),
            ("eglBindAPI", _U, (_U,)),
            ("eglCreateContext", _P, (_P, _P, _P, _P)),
            ("eglMakeCurrent", _U, (_P, _P, _P, _P)),
            ("eglDestroyContext", _U, (_P, _P)),
        ):
            found = getattr(egl, function)
            found.restype, found.argtypes = result, arguments
        self._display, self._context = self._open()

    def make_current(self) -> None:
        """Makes it current in this thread."""
        self._egl.eglBindAPI(_OPENGL_API)
        if not self._egl.eglMakeCurrent(self._display, None, None, self._context):
            raise GpuError("EGL gives no context without a window")

    def address(self, name: str) -> int:
        """Where a function is."""
        return int(self._egl.eglGetProcAddress(name.encode()) or 0)

    def close(self) -> None:
        """Gives it back."""
        self._egl.eglMakeCurrent(self._display, None, None, None)
        self._egl.eglDestroyContext(self._display, self._context)

    def _open(self) -> tuple[int, int]:
        attributes = (ctypes.c_int * len(_CORE_3_3))(*_CORE_3_3)
        for display in self._displays():
            if not display or not self._egl.eglInitialize(display, None, None):
                continue
            self._egl.eglBindAPI(_OPENGL_API)
            context = self._egl.eglCreateContext(display, None, None, attributes)
            if context:
                return display, context
        raise GpuError("EGL gives no OpenGL 3.3 context")

    def _displays(self) -> list[int]:
        """Graphics cards first, then whatever draws without a screen."""
        place = self.address("eglGetPlatformDisplayEXT")
        if not place:
            return []
        display_of = ctypes.CFUNCTYPE(_P, _U, _P, _P)(place)
        found = []
        query = self.address("eglQueryDevicesEXT")
        if query:
            devices, count = (_P * 8)(), ctypes.c_int()
            asked = ctypes.CFUNCTYPE(_U, _I, _P, _P)(query)
            if asked(8, devices, ctypes.byref(count)):
                found = [display_of(_DEVICE, devices[n], None) for n in range(count.value)]
        return [*found, display_of(_SURFACELESS, None, None)]
