"""Decoded movie frames to RGB codes, by the matrix and range that the stream names."""

from typing import Any

import numpy as np

from engine.arrays import AnyArray

_BT601, _BT709 = 5, 1
# Matrix as H.273 numbers it, to the shares of red and blue in luma.
_LUMA = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}
_LIMITED, _FULL = 1, 2


def to_rgb(frame: Any, form: str) -> AnyArray:
    """RGB by the stream's own matrix and range, without swscale's shortcuts.

    Where the stream names no matrix: BT.709 from 720 lines up, BT.601 below.

    Args:
        frame: A decoded ``av.VideoFrame``.
        form: ``rgb24``, ``rgba``, ``rgb48le`` or ``rgba64le``.

    Returns:
        uint8 or uint16 [H, W, 3] or [H, W, 4], full range, as stored (not turned upright).
    """
    from av.video.reformatter import Interpolation, VideoReformatter

    flags = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
    flags |= Interpolation.FULL_CHR_H_INP | Interpolation.BITEXACT
    options: dict[str, Any] = {}
    reformatter = VideoReformatter()
    if not frame.format.is_rgb:
        matrix = int(frame.colorspace)
        if matrix not in _LUMA:
            matrix = _BT709 if frame.height >= 720 else _BT601
        full = int(frame.color_range) == _FULL or frame.format.name.startswith("yuvj")
        if form in ("rgb48le", "rgba64le"):
            planar = "yuv444p16le" if form == "rgb48le" else "yuva444p16le"
            codes = reformatter.reformat(frame, format=planar, interpolation=flags).to_ndarray()
            bits = max(component.bits for component in frame.format.components)
            return _deep_rgb(codes, matrix, bits if full else 0)
        options = {
            "src_colorspace": matrix,
            "dst_colorspace": matrix,
            "src_color_range": _FULL if full else _LIMITED,
            "dst_color_range": _FULL,
        }
    result = reformatter.reformat(frame, format=form, interpolation=flags, **options)
    array: AnyArray = result.to_ndarray()
    return array


def _deep_rgb(codes: AnyArray, matrix: int, full_bits: int) -> AnyArray:
    """16-bit YUV(A) codes, filled from the top, to 16-bit RGB(A); swscale's white is 65280 here.

    Args:
        codes: uint16 [H, W, 3] or [H, W, 4].
        matrix: The stream's matrix, as H.273 numbers it.
        full_bits: Depth of a full-range stream, 0 for limited range.
    """
    kr, kb = _LUMA[matrix]
    top = float(((1 << full_bits) - 1) << (16 - full_bits)) if full_bits else 0.0
    values = codes[..., :3].astype(np.float32)
    if full_bits:
        luma, chroma = values[..., 0] / top, (values[..., 1:] - 32768.0) / top
    else:
        luma, chroma = (values[..., 0] - 4096.0) / 56064.0, (values[..., 1:] - 32768.0) / 57344.0
    rgb = np.empty(values.shape, np.float32)
    rgb[..., 0] = luma + np.float32(2 * (1 - kr)) * chroma[..., 1]
    rgb[..., 2] = luma + np.float32(2 * (1 - kb)) * chroma[..., 0]
    rgb[..., 1] = (luma - kr * rgb[..., 0] - kb * rgb[..., 2]) / np.float32(1 - kr - kb)
    out = np.rint(np.clip(rgb, 0, 1) * np.float32(65535)).astype(np.uint16)
    return out if codes.shape[2] == 3 else np.concatenate([out, codes[..., 3:]], axis=2)
