"""A linked field on disk: a field folder for each segment, and one small file that joins them.

``field.json`` lists the segments, ``segment_NNN`` is an ordinary field folder each, and
``links.safetensors`` holds the maps between their stills. A segment is never written twice: a field
that grows shares the files of the segments that stay.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32, AnyArray
from engine.errors import FieldError
from engine.fields import files as plain
from engine.fields.field import Field, Masks
from engine.fields.folder import field_identity, load_field
from engine.io.picture import Window
from engine.linked.field import LinkedField, Shot, joined_masks, seen_from
from engine.linked.lights import Light, Lights
from engine.linked.linkmap import LinkMap
from engine.linked.links import Link, Links
from engine.linked.segments import Segment, Segments

#: Version of ``field.json`` that a linked field is written as; older programs refuse it.
LINKED = 3
_LINKS = "links.safetensors"


def segment_name(number: int) -> str:
    """Name of a segment's folder."""
    return f"segment_{number:03d}"


def segment_of(folder: Path, field: Field | None = None) -> Segment:
    """A segment from its field folder.

    Args:
        folder: The folder.
        field: What is in it, where the caller has it.

    Raises:
        FieldError: It is no field, or damaged.
    """
    field = field or load_field(folder)
    return Segment(
        folder,
        field.frames,
        field.reference,
        field_identity(field),
        tuple((layer.name, layer.canonical.data) for layer in field.layers),
    )


def open_linked(
    segments: Segments, report: Mapping[str, Any], source: Mapping[str, Any], recipe: str
) -> LinkedField:
    """A linked field of segments that are on disk, as the first of them sees it.

    Only what is small is read of each: masks and light.

    Raises:
        FieldError: A segment is damaged, or was fitted at another size than the first.
    """
    masks, ignored, lights, layers, sizes = [], [], {}, 0, set()
    for number, part in enumerate(segments.parts):
        info = plain.read_info(part.folder)
        data = Window(*(int(v) for v in info["data"]))
        sizes.add((data.width, data.height))
        some, left_out = plain.read_masks(part.folder, info)
        masks.append(some)
        ignored.append(left_out)
        layers = max(layers, len(info["layers"]))
        for k, layer in enumerate(info["layers"]):
            lights[number, str(layer["name"])] = _light(part.folder / f"layer_{k}.safetensors")
    if len(sizes) != 1 or len({each.count for each in masks}) != 1:
        raise FieldError(
            f"the segments of the field {segments.parts[0].folder.parent} do not belong together "
            "(other sizes, or other groups); fit again"
        )
    shot = Shot(
        masks=joined_masks(segments, masks),
        ignored=_ignored(segments, ignored, masks[0]),
        lights=Lights(lights),
        layers=layers,
        report=dict(report),
        source=dict(source),
        recipe=recipe,
    )
    return seen_from(segments, shot, 0)


def _ignored(segments: Segments, given: Sequence[Masks | None], like: Masks) -> Masks | None:
    if all(each is None for each in given):
        return None
    nothing = Masks.pack(np.zeros((like.height, like.width), np.uint8))
    filled = [
        each or Masks(like.height, like.width, [[nothing] * len(part.frames)])
        for each, part in zip(given, segments.parts, strict=True)
    ]
    return joined_masks(segments, filled)


def _light(file: Path) -> Light:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "numpy") as tensors:
            names = set(tensors.keys())
            found = [
                np.asarray(tensors.get_tensor(name), np.float32) if name in names else None
                for name in ("lighting", "exposure")
            ]
    except (SafetensorError, OSError) as error:
        raise FieldError(f"{file} holds no tensors ({error}); fit again", file=file) from error
    return found[0], found[1]


def save_linked(field: LinkedField, folder: Path, *, working_space: str) -> LinkedField:
    """Writes a linked field, whole or not at all.

    Args:
        field: The field; its segments lie on disk.
        folder: Exactly where; an existing field there is replaced.
        working_space: OCIO name of the space of the canonical images.

    Returns:
        The field as it was stored.

    Raises:
        WriteError: It cannot be written.
    """
    from engine.io.atomic import atomic_folder

    segments = field.segments
    with atomic_folder(folder) as part:
        listed = []
        for number, each in enumerate(segments.parts):
            name = segment_name(number)
            segments.store(number, part / name, working_space)
            listed.append(
                {
                    "folder": name,
                    "frames": list(each.frames),
                    "reference": each.reference,
                    "identity": each.identity,
                    "layers": [
                        {"name": layer, "canvas": _window(canvas)}
                        for layer, canvas in each.canvases
                    ],
                    plain.INFO: plain.fingerprint(part / name / plain.INFO),
                }
            )
        tensors, links = _stored(segments.links)
        plain.write_tensors(part / _LINKS, tensors)
        source = plain.relative_paths(field.source, folder)
        plain.write_info(
            part,
            {
                "codef_field": LINKED,
                "codef_field_minor": plain.MINOR,
                "recipe": field.recipe,
                "frames": list(field.frames),
                "reference": segments.parts[0].reference,
                "display": _window(field.display),
                "data": _window(field.data),
                "pixel_aspect": field.pixel_aspect,
                "working_space": working_space,
                "segments": listed,
                "links": links,
                "report": field.report,
                "source": source,
                "identity": str(field.report.get("identity", "")),
                "files": {_LINKS: plain.fingerprint(part / _LINKS)},
            },
        )
    return load_linked(folder, plain.read_info(folder))


def _window(window: Window) -> list[int]:
    return [window.x0, window.y0, window.x1, window.y1]


def _stored(links: Sequence[Links]) -> tuple[dict[str, AnyArray], list[list[dict[str, Any]]]]:
    """The links as tensors, and what is said of them."""
    tensors: dict[str, AnyArray] = {}
    told: list[list[dict[str, Any]]] = []
    for n, step in enumerate(links):
        told.append([])
        for k, (name, link) in enumerate(step.items()):
            tensors[f"{n}.{k}.light"] = link.light
            for way, map_ in (("on", link.on), ("back", link.back)):
                tensors[f"{n}.{k}.{way}.matrix"] = map_.matrix
                tensors[f"{n}.{k}.{way}.steps"] = map_.steps
                tensors[f"{n}.{k}.{way}.known"] = map_.known
            told[-1].append(
                {
                    "layer": name,
                    "canvases": [_window(link.on.canvas), _window(link.back.canvas)],
                    **link.figures,
                }
            )
    return tensors, told


def load_linked(folder: Path, info: Mapping[str, Any]) -> LinkedField:
    """A linked field from its folder and its ``field.json``.

    Raises:
        FieldError: It is damaged.
    """
    try:
        plain.check_files(folder, info["files"], [_LINKS])
        parts = [_segment(folder, item) for item in info["segments"]]
        links = _links(plain.read_tensors(folder / _LINKS), info["links"])
        segments = Segments(parts, links)
        if segments.frames != tuple(info["frames"]):
            raise plain.damaged(folder, "its frames are not those of its segments")
        source = plain.absolute_paths(info["source"], folder)
        return open_linked(segments, info["report"], source, str(info["recipe"]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise plain.damaged(folder, f"{type(error).__name__}: {error}") from error


def _segment(folder: Path, item: Mapping[str, Any]) -> Segment:
    name = str(item["folder"])
    own = folder / name
    # The name is data: it must not lead elsewhere.
    if Path(name).name != name or not (own / plain.INFO).is_file():
        raise plain.damaged(folder, f"its segment {name} is missing")
    if plain.fingerprint(own / plain.INFO) != item[plain.INFO]:
        raise plain.damaged(folder, f"its segment {name} was changed after the fit")
    return Segment(
        own,
        tuple(int(frame) for frame in item["frames"]),
        int(item["reference"]),
        str(item["identity"]),
        tuple(
            (str(layer["name"]), Window(*(int(v) for v in layer["canvas"])))
            for layer in item["layers"]
        ),
    )


def _links(tensors: Mapping[str, AnyArray], told: Sequence[Any]) -> list[Links]:
    from engine.linked.linkmap import nodes

    found: list[Links] = []
    for n, items in enumerate(told):
        step: Links = {}
        for k, item in enumerate(items):
            maps = []
            for way, canvas in zip(("on", "back"), item["canvases"], strict=True):
                window, at = Window(*(int(v) for v in canvas)), f"{n}.{k}.{way}"
                matrix = np.asarray(tensors[f"{at}.matrix"], np.float64)
                steps = _finite(tensors[f"{at}.steps"])
                known = _finite(tensors[f"{at}.known"])
                shape = nodes(window).shape[:2]
                if matrix.shape != (3, 3) or steps.shape != (*shape, 2) or known.shape != shape:
                    raise ValueError(f"link {n} has another shape than its stills")
                maps.append(LinkMap(matrix, steps, known, window))
            light = _finite(tensors[f"{n}.{k}.light"])
            if light.shape != (3,):
                raise ValueError(f"link {n} has no light")
            figures = {name: float(item[name]) for name in ("error", "worst", "known")}
            step[str(item["layer"])] = Link(maps[0], maps[1], light, figures)
        found.append(step)
    return found


def _finite(values: AnyArray) -> F32:
    if not np.isfinite(values).all():
        raise ValueError("a link holds no finite number")
    return np.ascontiguousarray(values, np.float32)
