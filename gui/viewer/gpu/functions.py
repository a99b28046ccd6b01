"""The OpenGL functions that the display needs, found by name in whatever context is current."""

import ctypes
from collections.abc import Callable
from typing import Any

from gui.viewer.gpu.trouble import GpuError

_N, U, F, P = ctypes.c_int, ctypes.c_uint, ctypes.c_float, ctypes.c_void_p
_S = ctypes.c_char_p
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    # name: result, arguments
    "glGetString": (_S, U),
    "glGetError": (U,),
    "glGetIntegerv": (None, U, P),
    "glPixelStorei": (None, U, _N),
    "glGenTextures": (None, _N, P),
    "glDeleteTextures": (None, _N, P),
    "glActiveTexture": (None, U),
    "glBindTexture": (None, U, U),
    "glTexParameteri": (None, U, U, _N),
    "glTexImage2D": (None, U, _N, _N, _N, _N, _N, U, U, P),
    "glTexImage3D": (None, U, _N, _N, _N, _N, _N, _N, U, U, P),
    "glCreateShader": (U, U),
    "glShaderSource": (None, U, _N, P, P),
    "glCompileShader": (None, U),
    "glGetShaderiv": (None, U, U, P),
    "glGetShaderInfoLog": (None, U, _N, P, P),
    "glDeleteShader": (None, U),
    "glCreateProgram": (U,),
    "glAttachShader": (None, U, U),
    "glLinkProgram": (None, U),
    "glGetProgramiv": (None, U, U, P),
    "glGetProgramInfoLog": (None, U, _N, P, P),
    "glDeleteProgram": (None, U),
    "glUseProgram": (None, U),
    "glGetUniformLocation": (_N, U, _S),
    "glUniform1i": (None, _N, _N),
    "glUniform1f": (None, _N, F),
    "glUniform3f": (None, _N, F, F, F),
    "glGenFramebuffers": (None, _N, P),
    "glBindFramebuffer": (None, U, U),
    "glFramebufferTexture2D": (None, U, U, U, U, _N),
    "glCheckFramebufferStatus": (U, U),
    "glGenVertexArrays": (None, _N, P),
    "glBindVertexArray": (None, U),
    "glViewport": (None, _N, _N, _N, _N),
    "glDrawArrays": (None, U, _N, _N),
    "glReadPixels": (None, _N, _N, _N, _N, U, U, P),
}


class Functions:
    """OpenGL, as far as it is used here.

    Args:
        address: Gives the address of a function by its name; 0 where there is none.

    Raises:
        GpuError: The driver lacks one of them.
    """

    def __init__(self, address: Callable[[str], int]) -> None:
        self._found: dict[str, Any] = {}
        for name, (result, *arguments) in _FUNCTIONS.items():
            place = address(name)
            if not place:
                raise GpuError(f"the driver has no {name}: it is older than OpenGL 3.3")
            self._found[name] = ctypes.CFUNCTYPE(result, *arguments)(place)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._found[name]
        except KeyError:
            raise AttributeError(name) from None

    def new(self, make: str) -> int:
        """A new object of a ``glGen...`` function."""
        made = U()
        self._found[make](1, ctypes.byref(made))
        return made.value

    def text(self, what: int) -> str:
        """One of the strings that describe the driver."""
        found = self._found["glGetString"](what)
        return found.decode(errors="replace") if found else ""
