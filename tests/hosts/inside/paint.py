"""Paints in a still by its pixels, as the brush of the Image Editor does in the end."""

from pathlib import Path

import bpy


def still_of(layer):
    """The image that the artist paints on."""
    name = layer["files"]["canonical"]["file"].rsplit("canonical_", 1)[1]
    for image in bpy.data.images:
        if Path(bpy.path.abspath(image.filepath)).name == f"paint_{name}":
            return image
    raise KeyError(name)


def paint_disc(layer, x, y, radius, soft, colour):
    """A disc with a soft rim; x and y are canonical, y down, as everywhere in the program."""
    still = still_of(layer)
    width, height = still.size
    x0, y0 = layer["canvas"][:2]
    cx, cy = x - x0, height - (y - y0)  # Blender's rows go up
    pixels = list(still.pixels)
    for row in range(height):
        for column in range(width):
            off = ((column + 0.5 - cx) ** 2 + (row + 0.5 - cy) ** 2) ** 0.5
            share = min(max((radius - off) / soft, 0.0), 1.0)
            at = (row * width + column) * 4
            for c in range(3):
                pixels[at + c] += share * (colour[c] - pixels[at + c])
            pixels[at + 3] = max(pixels[at + 3], share)
    still.pixels[:] = pixels
    still.update()
    return still
