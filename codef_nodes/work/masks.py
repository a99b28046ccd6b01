"""Masks of the groups: read, matched to the clip's frames, named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from codef_nodes.work.groupentries import stem_of, unique_names
from engine.arrays import F32, U8, AnyArray
from engine.errors import MaskError
from engine.fit.groupsettings import GroupSettings
from engine.fit.request import GroupMasks
from engine.io.picture import Native, Picture

__all__ = [
    "CHANNELS",
    "KINDS",
    "FrameMasks",
    "MaskLook",
    "folder_masks",
    "match_frames",
    "stem_of",
    "unique_names",
]

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
KINDS = ("layer", "ignore")
"""What becomes of a group: a layer of its own, or a part of the frames that is left alone."""
CHANNELS = ("auto", "alpha", "luminance", "red", "green", "blue")


@dataclass(frozen=True)
class FrameMasks:
    """The masks of one frame, front to back.

    Attributes:
        names: A unique name for each group.
        masks: uint8 [H, W] over the data window of the mask pictures; 255 = wholly in the group.
        kinds: One of ``KINDS`` for each group; a missing one is ``layer``.
        settings: How single groups are fitted, by name; the background's too.
    """

    names: tuple[str, ...]
    masks: tuple[U8, ...]
    kinds: tuple[str, ...] = ()
    settings: Mapping[str, GroupSettings] = field(default_factory=dict)

    @property
    def layers(self) -> tuple[int, ...]:
        """Which of the groups become layers of a fit."""
        return tuple(k for k in range(len(self.names)) if self._kind(k) != "ignore")

    @property
    def ignored(self) -> U8 | None:
        """What of the frame is ignored, uint8 [H, W], behind the groups in front; None: nothing."""
        if len(self.layers) == len(self.names):
            return None
        left = np.ones(self.masks[0].shape, np.float32)
        hidden = np.zeros_like(left)
        for k, mask in enumerate(self.masks):
            shown = left * np.asarray(mask.astype(np.float32) / 255, np.float32)
            left -= shown
            if self._kind(k) == "ignore":
                hidden += shown
        return np.asarray(np.rint(hidden * 255), np.uint8)

    def _kind(self, k: int) -> str:
        return self.kinds[k] if k < len(self.kinds) else "layer"


@dataclass(frozen=True)
class MaskLook:
    """How a picture is read as a mask.

    Attributes:
        channel: ``auto`` (a mask file's alpha when it says something, else its grey), ``alpha``,
            ``luminance``, ``red``, ``green``, ``blue``, or a channel's own name (``id.R``).
        invert: Black is in the group instead of white.
        threshold: From 0 to 1: above 0 the mask becomes hard, in the group from here on.
    """

    channel: str = "auto"
    invert: bool = False
    threshold: float = 0.0

    def of(self, picture: Picture) -> U8:
        """The mask uint8 [H, W] over the picture's data window.

        Raises:
            MaskError: The picture has no such channel.
        """
        plane = _plane(picture, self.channel)
        clean = np.clip(np.nan_to_num(plane, nan=0.0, posinf=1.0, neginf=0.0), 0, 1)
        if self.invert:
            clean = 1 - clean
        if self.threshold > 0:
            # A grey of 5/255 is meant to pass a threshold of 5/255 in spite of float rounding.
            clean = (clean >= self.threshold - 1e-6).astype(np.float32)
        return np.asarray(np.rint(clean * 255), np.uint8)


def _share(native: Native, index: int) -> F32:
    """A channel's code values as a share of full scale."""
    codes: AnyArray = native.codes[..., index]
    if codes.dtype.kind == "u":
        return np.asarray(codes, np.float32) / float(np.iinfo(codes.dtype).max)
    return np.asarray(codes, np.float32)


def _plane(picture: Picture, channel: str) -> F32:
    # The grey of a mask file is coverage as it stands: no colour curve is taken off it.
    native = picture.native if picture.changed is None else None
    if channel == "auto":
        channel = "luminance"
        if picture.pixels.shape[2] > 3 and float(picture.alpha.min()) < 1:
            channel = "alpha"
    if channel == "alpha":
        if picture.pixels.shape[2] < 4:
            raise MaskError(
                "the mask picture has no alpha; choose luminance or another channel",
                file=picture.metadata.get("codef/file"),
            )
        return picture.alpha
    if channel in ("luminance", "red", "green", "blue"):
        names = ("red", "green", "blue")
        if native is not None and native.codes.shape[2] >= 1:
            indices = _colour_indices(native)
            planes = [_share(native, index) for index in indices]
        else:
            planes = [picture.pixels[..., index] for index in range(3)]
        if channel != "luminance":
            return planes[min(names.index(channel), len(planes) - 1)]
        if len(planes) < 3:
            return planes[0]
        return np.asarray(sum(w * p for w, p in zip(LUMA, planes, strict=False)), np.float32)
    for part in (picture.native, *picture.extra):
        if part is not None and channel in part.channels:
            return _share(part, part.channels.index(channel))
        if part is not None and part.part and channel.startswith(f"{part.part}."):
            short = channel[len(part.part) + 1 :]
            if short in part.channels:
                return _share(part, part.channels.index(short))
    known = [name for part in (picture.native, *picture.extra) if part for name in part.channels]
    raise MaskError(
        f"the mask picture has no channel {channel!r}; it has {', '.join(known) or 'R, G, B'}",
        file=picture.metadata.get("codef/file"),
    )


def _colour_indices(native: Native) -> list[int]:
    upper = [name.rsplit(".", 1)[-1].upper() for name in native.channels]
    if all(name in upper for name in "RGB"):
        return [upper.index(name) for name in "RGB"]
    return [0]


def match_frames(wanted: Sequence[int], there: Sequence[int], what: str) -> dict[int, int]:
    """Which mask frame belongs to which clip frame: by number, else by order.

    Args:
        wanted: Frame numbers of the clip.
        there: Frame numbers of the masks.
        what: Names the masks in the message.

    Raises:
        MaskError: Neither the numbers nor the counts agree.
    """
    if set(wanted) <= set(there):
        return {frame: frame for frame in wanted}
    if len(wanted) == len(there):
        return dict(zip(sorted(wanted), sorted(there), strict=True))
    missing = sorted(set(wanted) - set(there))
    raise MaskError(
        f"{what}: {len(there)} masks for {len(wanted)} frames, and none with the number of frame "
        f"{missing[0]}; give one mask for each frame",
        file=what if Path(what).exists() else None,
        frame=missing[0],
    )


def folder_masks(
    folders: Sequence[str | Path],
    frames: Sequence[int],
    clip_frames: Sequence[int],
    look: MaskLook | None = None,
) -> list[GroupMasks]:
    """The groups that mask folders hold, front to back.

    Args:
        folders: One folder, pattern or movie for each group.
        frames: Frames that the fit uses.
        clip_frames: All frames of the clip; masks that match by order match these.
        look: How the pictures are read.

    Raises:
        MaskError: A count that does not fit, or a folder whose masks are all black.
        InputError: A folder that is absent or cannot be read.
    """
    from engine.io.clip import open_clip

    groups = []
    for name, folder in zip(unique_names(map(stem_of, folders)), folders, strict=True):
        clip = open_clip(str(folder), colour_space="raw")
        try:
            matched = match_frames(clip_frames, clip.frames, str(folder))
        except MaskError:
            # A clip with gaps, or a range of it: the masks of the used frames are enough.
            matched = match_frames(frames, clip.frames, str(folder))
        groups.append(GroupMasks(name, _reader(clip.read, matched, look or MaskLook())))
    return groups


def _reader(
    read: Callable[[int], Picture], matched: dict[int, int], look: MaskLook
) -> Callable[[int], U8]:
    def mask(frame: int) -> U8:
        if frame not in matched:
            raise MaskError(f"there is no mask for frame {frame}; add it", frame=frame)
        return look.of(read(matched[frame]))

    return mask
