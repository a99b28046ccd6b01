"""File headers as plain Python values, and back with their types."""

import json
from typing import Any

import numpy as np

TYPES = "codef/types"
"""Header key that holds the types of values that Python cannot tell (``{"name": "timecode"}``)."""

DATA_WINDOW = "codef/data_window"
"""Header key of another part's data window, ``(x0, y0, x1, y1)``."""

CHANNEL_TYPES = "codef/channel_types"
"""Header key of the types of a part whose channels differ, ``("half", "float")``."""

UNASSOCIATED = "oiio:UnassociatedAlpha"

_PRIVATE = {TYPES, DATA_WINDOW, CHANNEL_TYPES, "codef/made_up", "codef/transfer"}
# What the writer decides anew, and what only describes the container of the source.
_CONTAINER = {
    "compression",
    "name",
    "planarconfig",
    "pixelaspectratio",
    "orientation",
    "xresolution",
    "yresolution",
    "resolutionunit",
    "datetime",
    "colorinteropid",
    "iccprofile",
    "version",
    "view",
    "worldtoscreen",
    "thumbnail_image",
}
_PREFIXES = ("oiio:", "openexr:", "tiff:", "jpeg:", "png:", "exif:", "icc", "iptc:", "thumbnail")


def plain_header(spec: Any) -> dict[str, Any]:
    """The attributes of an OpenImageIO spec as plain Python values.

    Args:
        spec: An ``OpenImageIO.ImageSpec``.

    Returns:
        Names to str, int, float, bytes or tuples of them; ``codef/types`` holds the types that
        cannot be told from the values.
    """
    header: dict[str, Any] = {}
    types: dict[str, str] = {}
    for item in spec.extra_attribs:
        value = _plain(item.value)
        if item.name.startswith("codef/") and isinstance(value, str):
            value = _from_text(value)
        if value is None or item.name in _PRIVATE:
            continue
        header[item.name] = value
        kind = str(item.type)
        if kind not in ("int", "float", "string"):
            types[item.name] = kind
    if types:
        header[TYPES] = types
    return header


def _from_text(text: str) -> Any:
    """Our own notes come back as they were where the format could keep text only."""
    whole = text.removeprefix("-").isdecimal()
    if not whole and not (text.startswith(("[", "{")) and text.endswith(("]", "}"))):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return tuple(value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype == np.uint8:
            return value.tobytes()
        return tuple(value.ravel().tolist())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (tuple, list)):
        items = tuple(_plain(item) for item in value)
        return None if None in items else items
    return value if isinstance(value, (str, int, float, bytes)) else None


def shared_header(header: dict[str, Any]) -> dict[str, Any]:
    """The part of a header that stays with a picture when its pixels change."""
    types = header.get(TYPES, {})
    kept = {
        name: value
        for name, value in header.items()
        if name != TYPES and not _is_container(name) and not isinstance(value, bytes)
    }
    kept_types = {name: kind for name, kind in types.items() if name in kept}
    return {**kept, **({TYPES: kept_types} if kept_types else {})}


def _is_container(name: str) -> bool:
    low = name.lower()
    return low in _CONTAINER or low.startswith(_PREFIXES)


def apply_header(spec: Any, header: dict[str, Any], extension: str, same_space: bool) -> None:
    """Writes header values into a spec, with their types.

    Args:
        spec: The ``OpenImageIO.ImageSpec`` to fill.
        header: Plain values as ``plain_header`` makes them.
        extension: Of the file to be written, without a dot.
        same_space: Whether colour stays in the space of the source, so that what describes its
            colours (chromaticities, transfer) still holds.
    """
    types: dict[str, str] = header.get(TYPES, {})
    for name, value in header.items():
        low = name.lower()
        if name in _PRIVATE or _is_container(name) or value is None:
            continue
        if low.startswith(("dpx:", "cineon:")) and not (extension in ("dpx", "cin") and same_space):
            continue
        if low in ("chromaticities", "adoptedneutral", "whiteluminance") and not same_space:
            continue
        _set(spec, name, value, types.get(name, ""), extension)


def _set(spec: Any, name: str, value: Any, kind: str, extension: str) -> None:
    import OpenImageIO

    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, (np.ndarray, np.generic)):
        value = _plain(value)
    if isinstance(value, list):
        value = tuple(value)
    # No format keeps arrays of any length, and PNG and TIFF keep text only.
    is_text = isinstance(value, str) or (extension == "exr" and isinstance(value, (int, float)))
    if name.startswith("codef/") and not is_text:
        value = json.dumps(value)
    if isinstance(value, tuple):
        kind = kind or _guess(name, value)
        if kind:
            spec.attribute(name, OpenImageIO.TypeDesc(kind), tuple(_plain(item) for item in value))
    elif isinstance(value, (int, float, str)):
        if kind and not isinstance(value, str):
            spec.attribute(name, OpenImageIO.TypeDesc(kind), value)
        else:
            spec.attribute(name, value)


def _guess(name: str, value: tuple[Any, ...]) -> str:
    """OpenImageIO's type of a tuple that came without one."""
    if not value:
        return ""
    low = name.lower()
    if all(isinstance(item, str) for item in value):
        return f"string[{len(value)}]"
    whole = all(isinstance(item, int) for item in value)
    if whole and len(value) == 2 and low in ("framespersecond", "captureratelow", "capturerate"):
        return "rational"
    if whole and len(value) == 2 and low.endswith("timecode"):
        return "timecode"
    if not all(isinstance(item, (int, float)) for item in value):
        return ""
    if len(value) == 16:
        return "matrix"
    if len(value) == 2:
        return "int[2]" if whole else "float2"
    return f"int[{len(value)}]" if whole else f"float[{len(value)}]"
