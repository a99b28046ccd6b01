"""Shows linear pixels by a shader, off the screen: the same codes as ``gui.viewer.display``."""

import ctypes
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import AnyArray
from gui.viewer.gpu.contexts import Context
from gui.viewer.gpu.functions import Functions
from gui.viewer.gpu.shader import VERTEX, Shader, shader_of
from gui.viewer.gpu.trouble import GpuError
from gui.viewer.views import Transform, luminance

if TYPE_CHECKING:
    from gui.viewer.display import Look

CHANNELS = {"rgb": 0, "r": 1, "g": 2, "b": 3, "a": 4, "y": 5, "m": 6}
SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software", "gdi generic", "swiftshader", "basic ren")
"""Parts of the names of drivers that draw with the processor: the tables are faster."""

_TEXTURE_2D, _TEXTURE_3D, _TEXTURE0 = 0x0DE1, 0x806F, 0x84C0
_MIN, _MAG, _WRAP_S, _WRAP_T, _WRAP_R = 0x2801, 0x2800, 0x2802, 0x2803, 0x8072
_NEAREST, _LINEAR, _CLAMP = 0x2600, 0x2601, 0x812F
_FLOAT, _BYTES, _BGRA, _RGBA8 = 0x1406, 0x1401, 0x80E1, 0x8058
_FORMATS = {1: (0x822E, 0x1903), 2: (0x8230, 0x8227), 3: (0x8815, 0x1907), 4: (0x8814, 0x1908)}
_FRAMEBUFFER, _COLOUR, _COMPLETE = 0x8D40, 0x8CE0, 0x8CD5
_VERTEX_SHADER, _FRAGMENT_SHADER = 0x8B31, 0x8B30
_COMPILED, _LINKED, _LARGEST = 0x8B81, 0x8B82, 0x0D33
_RENDERER, _PACK, _UNPACK = 0x1F01, 0x0D05, 0x0CF5
_MOST_PROGRAMS = 8


class GpuDisplay:
    """Draws in one thread, the one that made it.

    Args:
        context: Where it draws.

    Attributes:
        renderer: Name of the driver.

    Raises:
        GpuError: The context is of no use.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        context.make_current()
        self._gl = gl = Functions(context.address)
        self.renderer = gl.text(_RENDERER)
        largest = ctypes.c_int()
        gl.glGetIntegerv(_LARGEST, ctypes.byref(largest))
        self._largest = largest.value
        gl.glBindVertexArray(gl.new("glGenVertexArrays"))
        gl.glBindFramebuffer(_FRAMEBUFFER, gl.new("glGenFramebuffers"))
        gl.glPixelStorei(_PACK, 1)
        gl.glPixelStorei(_UNPACK, 1)
        self._picture, self._target = (gl.new("glGenTextures") for _ in range(2))
        self._programs: dict[int, tuple[Transform, _Program]] = {}

    @property
    def software(self) -> bool:
        """Whether it is the processor that draws."""
        return any(name in self.renderer.lower() for name in SOFTWARE)

    def show(self, pixels: AnyArray, look: "Look", made: Transform) -> AnyArray:
        """Pixels as the screen shows them; as ``gui.viewer.display.show``, without warnings.

        Args:
            pixels: float32 [H, W, C], C from 1 to 4.
            look: How.
            made: The transform of its view.

        Raises:
            GpuError: Too large, or the driver refuses.
        """
        height, width, count = pixels.shape
        if max(height, width) > self._largest or count not in _FORMATS:
            raise GpuError(f"{width} x {height} pixels are too many for {self.renderer}")
        gl = self._gl
        program = self._program(made)
        self._use(self._target)
        gl.glTexImage2D(_TEXTURE_2D, 0, _RGBA8, width, height, 0, _BGRA, _BYTES, None)
        gl.glFramebufferTexture2D(_FRAMEBUFFER, _COLOUR, _TEXTURE_2D, self._target, 0)
        if gl.glCheckFramebufferStatus(_FRAMEBUFFER) != _COMPLETE:
            raise GpuError(f"{self.renderer} cannot draw {width} x {height} pixels")
        program.use()
        self._use(self._picture)
        inner, outer = _FORMATS[count]
        data = np.ascontiguousarray(pixels, np.float32)
        place = data.ctypes.data_as(ctypes.c_void_p)
        gl.glTexImage2D(_TEXTURE_2D, 0, inner, width, height, 0, outer, _FLOAT, place)
        program.set(picture=0, kind=count, channels=CHANNELS[look.channels])
        program.set(gain=float(look.gain), gamma=float(look.gamma))
        program.set(weights=[float(each) for each in luminance(look.working)])
        gl.glViewport(0, 0, width, height)
        gl.glDrawArrays(4, 0, 3)
        out = np.empty((height, width), np.uint32)
        gl.glReadPixels(0, 0, width, height, _BGRA, _BYTES, out.ctypes.data_as(ctypes.c_void_p))
        trouble = gl.glGetError()
        if trouble:
            raise GpuError(f"{self.renderer} reports error {trouble:#x}")
        return out

    def close(self) -> None:
        """Gives the context back."""
        self._context.close()

    def _use(self, texture: int) -> None:
        gl = self._gl
        gl.glActiveTexture(_TEXTURE0)
        gl.glBindTexture(_TEXTURE_2D, texture)
        for name in (_MIN, _MAG):
            gl.glTexParameteri(_TEXTURE_2D, name, _NEAREST)
        for name in (_WRAP_S, _WRAP_T):
            gl.glTexParameteri(_TEXTURE_2D, name, _CLAMP)

    def _program(self, made: Transform) -> "_Program":
        known = self._programs.get(id(made))
        if known is None:
            while len(self._programs) >= _MOST_PROGRAMS:
                self._programs.pop(next(iter(self._programs)))[1].delete()
            known = made, _Program(self._gl, shader_of(made.source))
            self._programs[id(made)] = known
        return known[1]


class _Program:
    """A compiled shader with its tables."""

    def __init__(self, gl: Functions, shader: Shader) -> None:
        self._gl = gl
        self._number = gl.glCreateProgram()
        for kind, text in ((_VERTEX_SHADER, VERTEX), (_FRAGMENT_SHADER, shader.text)):
            part = gl.glCreateShader(kind)
            lines = ctypes.c_char_p(text.encode())
            gl.glShaderSource(part, 1, ctypes.byref(lines), None)
            gl.glCompileShader(part)
            self._check(part, partial(gl.glGetShaderiv, part, _COMPILED), gl.glGetShaderInfoLog)
            gl.glAttachShader(self._number, part)
            gl.glDeleteShader(part)
        gl.glLinkProgram(self._number)
        linked = partial(gl.glGetProgramiv, self._number, _LINKED)
        self._check(self._number, linked, gl.glGetProgramInfoLog)
        self._places: dict[str, int] = {}
        self._tables = [(table, self._upload(table)) for table in shader.tables]

    def use(self) -> None:
        """Draws with it from now on."""
        gl = self._gl
        gl.glUseProgram(self._number)
        for unit, (table, texture) in enumerate(self._tables, 1):
            gl.glActiveTexture(_TEXTURE0 + unit)
            gl.glBindTexture(_kind(table.size), texture)
            self.set(**{table.sampler: unit})

    def set(self, **values: int | float | Sequence[float]) -> None:
        """Sets uniforms by name."""
        gl = self._gl
        for name, value in values.items():
            if name not in self._places:
                self._places[name] = gl.glGetUniformLocation(self._number, name.encode())
            place = self._places[name]
            if isinstance(value, int):
                gl.glUniform1i(place, value)
            elif isinstance(value, float):
                gl.glUniform1f(place, value)
            else:
                gl.glUniform3f(place, *value)

    def delete(self) -> None:
        """Gives its memory back."""
        for _, texture in self._tables:
            self._gl.glDeleteTextures(1, ctypes.byref(ctypes.c_uint(texture)))
        self._gl.glDeleteProgram(self._number)

    def _upload(self, table: Any) -> int:
        gl, kind = self._gl, _kind(table.size)
        texture = gl.new("glGenTextures")
        gl.glBindTexture(kind, texture)
        way = _LINEAR if table.linear else _NEAREST
        for name, value in (
            (_MIN, way), (_MAG, way), (_WRAP_S, _CLAMP), (_WRAP_T, _CLAMP), (_WRAP_R, _CLAMP),
        ):  # fmt: skip
            gl.glTexParameteri(kind, name, value)
        count = table.values.size // int(np.prod(table.size))
        inner, outer = _FORMATS[count]
        place = np.ascontiguousarray(table.values).ctypes.data_as(ctypes.c_void_p)
        if len(table.size) == 3:
            gl.glTexImage3D(kind, 0, inner, *table.size, 0, outer, _FLOAT, place)
        else:
            gl.glTexImage2D(kind, 0, inner, *table.size, 0, outer, _FLOAT, place)
        return texture

    def _check(self, number: int, ask: Any, log: Any) -> None:
        good = ctypes.c_int()
        ask(ctypes.byref(good))
        if not good.value:
            text = ctypes.create_string_buffer(2000)
            log(number, len(text), None, text)
            words = text.value.decode(errors="replace").strip().splitlines()
            raise GpuError(f"the driver refuses the shader ({words[0] if words else 'no reason'})")


def _kind(size: tuple[int, ...]) -> int:
    return _TEXTURE_3D if len(size) == 3 else _TEXTURE_2D
