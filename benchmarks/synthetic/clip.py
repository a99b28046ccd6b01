"""A synthetic clip as a folder, and the truth that lies beside its frames.

``frames/`` and ``masks_0/`` are what a fit gets. ``edited/`` are the frames as they had been with
the mark drawn on the ground, ``paint/`` the mark alone (RGBA, hidden parts left out), ``clean/``
the frames without grain and blur when there are any, ``strands/`` the reeds' share at level 4.
``truth.json`` holds the spec, ``truth.safetensors`` tracks of many points: ``points`` [N, T, 2] in
pixels from the top left, centres at +0.5, ``visible`` [N, T], ``layer`` [N], 0 for the fish.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthetic.levels import Spec
from benchmarks.synthetic.motion import F32, F64
from benchmarks.synthetic.scene import Scene
from engine.colour.encoding import encode
from engine.io.atomic import atomic_folder
from engine.progress import Task, silent

#: Points that are followed, on the fish and on the ground.
POINTS = (400, 1200)
FORMATS = ("png", "exr")


@dataclass(frozen=True)
class Truth:
    """What is known of a clip.

    Attributes:
        spec: What was asked for, as JSON has it.
        points: float64 [N, T, 2].
        visible: [N, T].
        layer: [N], 0 the fish, 1 the ground.
    """

    spec: dict[str, Any]
    points: F64
    visible: NDArray[np.bool_]
    layer: NDArray[np.int64]


def tracks(scene: Scene, counts: tuple[int, int] = POINTS) -> Truth:
    """Points spread over the clip, each starting where it is visible, followed exactly."""
    spec = scene.spec
    rng = np.random.default_rng([spec.seed, spec.level, 7])
    every_points, every_visible, every_layer = [], [], []
    for layer, wanted in enumerate(counts):
        found = _starts(scene, layer, wanted, rng)
        motion = scene.layers()[layer].motion
        places = np.stack([motion.to_frame(t, found) for t in range(spec.frames)], axis=1)
        seen = [scene.visible(layer, t, places[:, t]) for t in range(spec.frames)]
        every_points.append(places)
        every_visible.append(np.stack(seen, axis=1).reshape(len(found), spec.frames))
        every_layer.append(np.full(len(found), layer, np.int64))
    return Truth(
        _plain(spec),
        np.concatenate(every_points),
        np.concatenate(every_visible),
        np.concatenate(every_layer),
    )


def _starts(scene: Scene, layer: int, wanted: int, rng: np.random.Generator) -> F64:
    """Texture points [N, 2] that some frame shows, on the fish well inside its outline."""
    spec = scene.spec
    result: list[F64] = []
    share = max(1, -(-wanted // spec.frames))
    around = np.array([(0, 0), (2, 0), (-2, 0), (0, 2), (0, -2)]) * scene.unit
    for time in range(spec.frames):
        points = rng.random((share * 60, 2)) * [spec.width, spec.height]
        texture = scene.layers()[layer].motion.to_texture(time, points)
        fits = scene.visible(layer, time, points)
        if layer == 0:
            for step in around:
                fits &= scene.fish.alpha(texture + step) > 0.9
        result.append(texture[fits][:share])
    return np.concatenate(result)[:wanted]


def _plain(spec: Spec) -> dict[str, Any]:
    plain = asdict(spec)
    plain["picture"] = None if spec.picture is None else str(spec.picture)
    return {**plain, "name": spec.name}


def codes(linear: F32) -> NDArray[np.uint8]:
    """Scene-linear colours as 8-bit display codes."""
    return np.clip(np.round(encode(linear) * 255), 0, 255).astype(np.uint8)


def write_clip(spec: Spec, folder: Path, *, format: str = "png", task: Task | None = None) -> Truth:
    """Renders a clip with its truth into a folder, whole or not at all.

    Args:
        spec: What to render.
        folder: Where; replaced when it is there.
        format: ``png`` (8-bit) or ``exr`` (half float, scene-linear) for the frames.
        task: Progress and cancel.

    Returns:
        The truth that was written.

    Raises:
        ValueError: No such level or format.
    """
    import cv2
    from safetensors.numpy import save

    if format not in FORMATS:
        raise ValueError(f"there is no format {format!r}; choose one of {', '.join(FORMATS)}")
    task = task or silent()
    scene = Scene(spec)
    with atomic_folder(folder) as part:

        def put(kind: str, index: int, picture: NDArray[Any]) -> None:
            (part / kind).mkdir(exist_ok=True)
            if not cv2.imwrite(str(part / kind / f"{index:05d}.png"), picture):
                raise OSError(f"cannot write {kind} of {folder}")

        for index in range(spec.frames):
            task.report(index / spec.frames, spec.name)
            shot = scene.shot(index)
            if format == "png":
                put("frames", index, codes(shot.frame)[..., ::-1])
            else:
                _put_float(part / "frames" / f"{index:05d}.exr", shot.frame)
            put("masks_0", index, np.round(shot.masks[0] * 255).astype(np.uint8))
            put("edited", index, codes(shot.edited)[..., ::-1])
            put("paint", index, _straight(shot.paint))
            if spec.grain or spec.blur:
                put("clean", index, codes(shot.clean)[..., ::-1])
            if scene.strands is not None:
                put("strands", index, np.round(shot.masks[1] * 255).astype(np.uint8))
        truth = tracks(scene)
        (part / "truth.json").write_text(json.dumps(truth.spec, indent=1) + "\n", "utf-8")
        arrays = {
            "points": truth.points.astype(np.float32),
            "visible": truth.visible.astype(np.uint8),
            "layer": truth.layer.astype(np.uint8),
        }
        (part / "truth.safetensors").write_bytes(save(arrays))
    return truth


def _put_float(path: Path, linear: F32) -> None:
    from engine.io.picture import Picture
    from engine.io.write import WriteOptions, write_picture

    path.parent.mkdir(exist_ok=True)
    write_picture(path, Picture.of(linear), WriteOptions(bits=16))


def _straight(paint: F32) -> NDArray[np.uint16]:
    """Premultiplied linear RGBA as the unpremultiplied 16-bit codes of a PNG, BGRA."""
    alpha = np.clip(paint[..., 3:], 0, 1)
    colour = np.where(alpha > 1e-4, paint[..., :3] / np.maximum(alpha, 1e-4), 0)
    straight = np.dstack([encode(colour.astype(np.float32))[..., ::-1], alpha])
    return np.round(np.clip(straight, 0, 1) * 65535).astype(np.uint16)


def read_truth(folder: Path) -> Truth | None:
    """The truth beside a clip's frames, or None when there is none."""
    from safetensors.numpy import load

    if not (folder / "truth.safetensors").is_file():
        return None
    arrays = load((folder / "truth.safetensors").read_bytes())
    spec = json.loads((folder / "truth.json").read_text("utf-8"))
    return Truth(
        dict(spec),
        arrays["points"].astype(np.float64),
        arrays["visible"] > 0,
        arrays["layer"].astype(np.int64),
    )
