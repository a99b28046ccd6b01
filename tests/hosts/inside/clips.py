"""What the extension makes of things that an artist may select."""

from dataclasses import asdict
from pathlib import Path

import bpy
import stage

stage.install()
clips, versions = stage.part("clips"), stage.part("versions")
folder = Path(stage.SAID["folder"])
scene = bpy.context.scene
found = {}


def note(name, thing):
    """The clip of a thing, or why there is none."""
    try:
        found[name] = asdict(clips.clip_of(thing, scene))
    except clips.ClipError as error:
        found[name] = str(error)


def image_node(file, **settings):
    """An Image node that shows a file."""
    node = versions.compositor(scene).nodes.new("CompositorNodeImage")
    node.image = bpy.data.images.load(str(file))
    node.image.source = settings.pop("source", "SEQUENCE")
    for name, value in settings.items():
        setattr(node, name, value)
    return node


first = folder / "sh 100%" / "plate_v002.1001.png"
clip = bpy.data.movieclips.load(str(first))
clip.frame_start, clip.frame_offset = 101, 2
note("movie clip with an offset", clip)
node = versions.compositor(scene).nodes.new("CompositorNodeMovieClip")
node.clip = clip
note("node of a movie clip", node)
trimmed = image_node(first, frame_start=11, frame_duration=3, frame_offset=1002)
note("trimmed image node", trimmed)
note("one picture", image_node(first, source="FILE"))
note("no number", image_node(folder / "matte.png"))
gone = image_node(first, frame_start=1, frame_duration=10, frame_offset=5000)
note("files that are not there", gone)
linear = image_node(first, frame_duration=6, frame_offset=1000)
linear.image = linear.image.copy()
linear.image.colorspace_settings.name = "Non-Color"
note("data", linear)
note("nothing", None)
note("another node", versions.compositor(scene).nodes.new("CompositorNodeBlur"))

editor = scene.sequence_editor_create()
strips = versions.strips_of(editor)
strip = strips.new_image("Strip", str(first), 2, 51)
for number in range(1002, 1007):
    strip.elements.append(f"plate_v002.{number}.png")
note("strip", strip)
strip.frame_offset_start, strip.frame_offset_end = 1, 2
note("trimmed strip", strip)
strip.elements.append("plate_v002.1006.png")
note("strip of mixed files", strip)
if stage.SAID["movie"]:
    movie = bpy.data.movieclips.load(stage.SAID["movie"])
    movie.frame_start = 21
    note("movie", movie)
stage.answer(found=found)
