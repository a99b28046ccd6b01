"""EXR files of which only some rows change: the other rows' bytes are copied as they are.

Packing a large frame costs far more than an edit of a part of it. Rows are packed on their own (or
sixteen by sixteen), so those that an edit did not touch can be taken from the file they were read
from. The changed rows are written by OpenImageIO into a file of their own, whose header, told the
whole height, becomes that of the result: nothing is packed and no attribute is written here.

Convention: see "OpenEXR File Layout": magic number, version, attributes, a table of offsets, and
chunks of ``int32 y, int32 size, bytes``.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from engine.io.picture import Window

_MAGIC = 20000630
#: Flags of the version for tiled, deep and multi-part files, which are written whole.
_OTHER_KINDS = 0x200 | 0x800 | 0x1000
#: Number of a compression to the rows of a chunk.
_ROWS = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32}
_NAMES = ("none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a")
#: Share of the rows from which the file is as well written whole.
MOST = 0.7
#: Longest header that is looked at.
_LONGEST = 1 << 24


def rows_of(compression: str) -> int | None:
    """Rows that a compression packs together; None for one that is not known here."""
    return _ROWS[_NAMES.index(compression)] if compression in _NAMES else None


@dataclass(frozen=True)
class FileStamp:
    """A file as it was when it was read.

    Attributes:
        path: The file.
        size: Its bytes.
        changed: When it was last written, in nanoseconds.
    """

    path: str
    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> "FileStamp | None":
        """The stamp of a file as it is now; None when it cannot be asked."""
        try:
            state = path.stat()
        except OSError:
            return None
        return cls(str(path), state.st_size, state.st_mtime_ns)

    @property
    def current(self) -> bool:
        """Whether the file is still the same."""
        return FileStamp.of(Path(self.path)) == self


@dataclass(frozen=True)
class Layout:
    """Where things lie in a file of scanlines.

    Attributes:
        header: Bytes before the table of offsets.
        window: Place of the data window's four numbers in the header.
        channels: The attribute ``channels`` as it stands in the header.
        compression: Its number.
        data: The data window.
        offsets: Place of each chunk, from the top.
    """

    header: bytes
    window: int
    channels: bytes
    compression: int
    data: Window
    offsets: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Rows of a chunk."""
        return _ROWS[self.compression]


def layout_of(content: bytes | memoryview) -> Layout | None:
    """The layout of a file; None for one that is not made of plain scanlines from the top."""
    head = bytes(content[:_LONGEST])
    try:
        magic, version = struct.unpack_from("<ii", head)
        if magic != _MAGIC or version & _OTHER_KINDS:
            return None
        found: dict[str, tuple[int, bytes]] = {}
        place = 8
        while head[place] != 0:
            end = head.index(b"\0", place)
            name = head[place:end].decode("latin-1")
            place = head.index(b"\0", end + 1) + 1
            (size,) = struct.unpack_from("<i", head, place)
            found[name] = (place + 4, head[place + 4 : place + 4 + size])
            place += 4 + size
        place += 1
        x0, y0, x1, y1 = struct.unpack("<iiii", found["dataWindow"][1])
        data = Window(x0, y0, x1 + 1, y1 + 1)
        compression = found["compression"][1][0]
        if found["lineOrder"][1][0] != 0 or compression not in _ROWS:
            return None
        count = -(-data.height // _ROWS[compression])
        offsets = struct.unpack_from(f"<{count}Q", content, place)
    except (KeyError, IndexError, ValueError, struct.error):
        return None
    if not all(place < offset <= len(content) - 8 for offset in offsets):
        return None
    window, channels = found["dataWindow"][0], found["channels"][1]
    return Layout(head[:place], window, channels, compression, data, offsets)


def band_of(
    source: Layout, data: Window, compression: str, changed: tuple[int, int]
) -> tuple[int, int] | None:
    """Which rows must be packed anew.

    Args:
        source: Layout of the file that would be copied.
        data: Data window that is wanted.
        compression: Name of the compression that is wanted.
        changed: First and last changed row (excluded), from 0 at the top.

    Returns:
        First and last row (excluded) of the whole chunks that hold them; None when another data
        window or compression is wanted, or most rows have changed.
    """
    known = source.compression < len(_NAMES) and _NAMES[source.compression] == compression
    if source.data != data or not known:
        return None
    rows = source.rows
    first, last = changed[0] // rows * rows, min(-(-changed[1] // rows) * rows, data.height)
    return (first, last) if last - first <= MOST * data.height else None


def spliced(
    source: bytes, layout: Layout, band: bytes, first: int
) -> list[bytes | memoryview] | None:
    """A file with the rows of a band in place of its own.

    Args:
        source: The file that is copied.
        layout: Its layout.
        band: A file with the changed rows, which begin at a chunk of the source.
        first: The band's first row, from 0 at the top.

    Returns:
        The pieces of the new file; None when the two do not fit together.
    """
    new = layout_of(band)
    if new is None or (new.channels, new.compression) != (layout.channels, layout.compression):
        return None
    if (new.data.x0, new.data.x1) != (layout.data.x0, layout.data.x1):
        return None
    start = first // layout.rows
    if new.data.y0 != layout.data.y0 + first or start + len(new.offsets) > len(layout.offsets):
        return None
    header = bytearray(new.header)
    data = layout.data
    struct.pack_into("<iiii", header, new.window, data.x0, data.y0, data.x1 - 1, data.y1 - 1)
    place = len(header) + 8 * len(layout.offsets)
    offsets: list[int] = []
    runs: list[tuple[bytes, int, int]] = []
    for n in range(len(layout.offsets)):
        mine = start <= n < start + len(new.offsets)
        content, at = (band, new.offsets[n - start]) if mine else (source, layout.offsets[n])
        size = _chunk(content, at, layout.data.y0 + n * layout.rows)
        if size is None:
            return None
        offsets.append(place)
        place += size
        # Chunks mostly follow one another, so that few pieces have to be written.
        if runs and runs[-1][0] is content and runs[-1][2] == at:
            runs[-1] = content, runs[-1][1], at + size
        else:
            runs.append((content, at, at + size))
    pieces = [memoryview(content)[begin:end] for content, begin, end in runs]
    return [bytes(header), struct.pack(f"<{len(offsets)}Q", *offsets), *pieces]


def _chunk(content: bytes, place: int, row: int) -> int | None:
    """Bytes of a chunk; None when it is not that of a row or is not whole."""
    y, size = struct.unpack_from("<ii", content, place)
    return size + 8 if y == row and size >= 0 and place + 8 + size <= len(content) else None
