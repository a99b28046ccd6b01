"""The program that shows linear pixels, from OpenColorIO's own shader text. No OpenGL here."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import F32
from gui.viewer.gpu.trouble import GpuError

VERTEX = """#version 330 core
void main() {
  // One triangle that covers everything.
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}
"""

_SAME = "vec4 view(vec4 value) { return value; }"
_MAIN = """
uniform sampler2D picture;
uniform int kind;      // channels of the picture
uniform int channels;  // what is shown, see CHANNELS
uniform float gain;
uniform float gamma;
uniform vec3 weights;
out vec4 code;

float finite(float value) { return isnan(value) ? 0.0 : clamp(value, -65504.0, 65504.0); }
float plain(float value) { return isnan(value) ? 0.0 : clamp(value, 0.0, 1.0); }

void main() {
  vec4 pixel = texelFetch(picture, ivec2(gl_FragCoord.xy), 0);
  vec3 colour = kind < 3 ? pixel.rrr : pixel.rgb;
  float alpha = kind == 2 ? pixel.g : (kind == 4 ? pixel.a : 1.0);
  if (channels == 4) {
    colour = vec3(alpha * gain);
  } else {
    if (channels == 5) colour = vec3(dot(colour, weights));
    else if (channels == 1) colour = colour.rrr;
    else if (channels == 2) colour = colour.ggg;
    else if (channels == 3) colour = colour.bbb;
    colour *= gain;
    colour = vec3(finite(colour.r), finite(colour.g), finite(colour.b));
    colour = VIEW(vec4(colour, 0.0)).rgb;
  }
  vec3 seen = vec3(plain(colour.r), plain(colour.g), plain(colour.b));
  if (gamma != 1.0) seen = pow(seen, vec3(1.0 / gamma));
  seen = floor(seen * 255.0 + 0.5) / 255.0;
  if (channels == 6) {
    float veil = plain(alpha) * 0.5;
    seen = seen * (1.0 - veil) + vec3(veil, 0.0, 0.0);
  }
  code = vec4(seen, 1.0);
}
"""


@dataclass(frozen=True)
class Table:
    """A texture of the shader.

    Attributes:
        sampler: Name of the sampler.
        size: Width and height; for cubes width, height and depth.
        values: float32, red or red, green, blue.
        linear: Interpolated by the hardware.
    """

    sampler: str
    size: tuple[int, ...]
    values: F32
    linear: bool


@dataclass(frozen=True)
class Shader:
    """A fragment shader and its tables."""

    text: str
    tables: tuple[Table, ...]


def shader_of(processor: Any) -> Shader:
    """The shader of an OCIO processor; None for a view that changes nothing.

    Raises:
        GpuError: It needs what the display does not give.
    """
    view, tables = _ocio(processor) if processor is not None else (_SAME, [])
    return Shader("#version 330 core\n" + view + _MAIN.replace("VIEW", "view"), tuple(tables))


def _ocio(processor: Any) -> tuple[str, list[Table]]:
    import PyOpenColorIO

    described = PyOpenColorIO.GpuShaderDesc.CreateShaderDesc(
        language=PyOpenColorIO.GPU_LANGUAGE_GLSL_1_3,
        functionName="view",
        pixelName="value",
        resourcePrefix="codef_",
    )
    described.setAllowTexture1D(False)
    try:
        processor.getDefaultGPUProcessor().extractGpuShaderInfo(described)
    except PyOpenColorIO.Exception as error:
        raise GpuError(f"OpenColorIO gives no shader for this view ({error})") from error
    if any(True for _ in described.getUniforms()):
        raise GpuError("the view has parts that change while it is shown")
    nearest = PyOpenColorIO.INTERP_NEAREST, PyOpenColorIO.INTERP_TETRAHEDRAL
    tables = []
    for cube in described.get3DTextures():
        edge = cube.edgeLen
        values = np.asarray(cube.getValues(), np.float32)
        linear = cube.interpolation not in nearest
        tables.append(Table(cube.samplerName, (edge, edge, edge), values, linear))
    for flat in described.getTextures():
        values = np.asarray(flat.getValues(), np.float32)
        linear = flat.interpolation not in nearest
        tables.append(Table(flat.samplerName, (flat.width, flat.height), values, linear))
    return str(described.getShaderText()), tables
