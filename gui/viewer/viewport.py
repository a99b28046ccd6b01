"""The mapping between pictures and the screen: zoom, pan, pixel aspect."""

from dataclasses import dataclass, replace

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in picture pixels; y runs down."""

SMALLEST, LARGEST = 1 / 64, 256.0
_MARGIN = 0.96


@dataclass(frozen=True)
class Viewport:
    """What part of a picture a widget shows.

    Convention: picture pixels from the top-left corner, y down; pixel (x, y) covers [x, x + 1).
    Screen positions are Qt's logical pixels.

    Attributes:
        width: Logical pixels of the widget.
        height: Logical pixels of the widget.
        zoom: Device pixels per picture pixel, down; 1 is 100 %.
        x: Picture point in the middle of the widget.
        y: The same.
        aspect: Width of a picture pixel over its height.
        ratio: Device pixels per logical pixel.
    """

    width: float = 640.0
    height: float = 360.0
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    aspect: float = 1.0
    ratio: float = 1.0

    @property
    def step(self) -> float:
        """Logical pixels per picture pixel, down."""
        return self.zoom / self.ratio

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the picture is on the widget."""
        step = self.step
        return (
            self.width / 2 + (x - self.x) * step * self.aspect,
            self.height / 2 + (y - self.y) * step,
        )

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """Which point of the picture is at a place on the widget."""
        step = self.step
        return (
            self.x + (x - self.width / 2) / (step * self.aspect),
            self.y + (y - self.height / 2) / step,
        )

    def resized(self, width: float, height: float, ratio: float = 1.0) -> "Viewport":
        """The same middle in a widget of another size."""
        return replace(self, width=max(width, 1.0), height=max(height, 1.0), ratio=ratio)

    def zoomed(self, factor: float, at: tuple[float, float] | None = None) -> "Viewport":
        """Zooms; the picture's point under ``at`` (widget; default: the middle) stays there."""
        place = at or (self.width / 2, self.height / 2)
        return self.at_zoom(self.zoom * factor, place)

    def at_zoom(self, zoom: float, at: tuple[float, float] | None = None) -> "Viewport":
        """As ``zoomed``, to a given zoom."""
        place = at or (self.width / 2, self.height / 2)
        x, y = self.to_picture(*place)
        new = replace(self, zoom=min(max(zoom, SMALLEST), LARGEST))
        moved_x, moved_y = new.to_picture(*place)
        return replace(new, x=new.x + x - moved_x, y=new.y + y - moved_y)

    def panned(self, dx: float, dy: float) -> "Viewport":
        """Drags the picture by logical pixels."""
        step = self.step
        return replace(self, x=self.x - dx / (step * self.aspect), y=self.y - dy / step)

    def fitted(self, box: Box) -> "Viewport":
        """The whole box in the widget, centred."""
        x0, y0, x1, y1 = box
        wide, high = max(x1 - x0, 1e-6) * self.aspect, max(y1 - y0, 1e-6)
        step = min(self.width / wide, self.height / high) * _MARGIN
        zoom = min(max(step * self.ratio, SMALLEST), LARGEST)
        return replace(self, zoom=zoom, x=(x0 + x1) / 2, y=(y0 + y1) / 2)

    def snapped(self) -> "Viewport":
        """At 100 %, 200 % and so on: moved by less than a pixel so that the pixels of the picture
        are pixels of the screen."""
        if self.zoom < 1 or self.zoom % 1 or self.aspect != 1:
            return self
        x, y = self.to_screen(0, 0)
        dx, dy = (round(v * self.ratio) / self.ratio - v for v in (x, y))
        return self.panned(dx, dy)

    def visible(self) -> Box:
        """The part of the picture's plane that the widget shows."""
        x0, y0 = self.to_picture(0, 0)
        x1, y1 = self.to_picture(self.width, self.height)
        return x0, y0, x1, y1


def intersection(one: Box, other: Box) -> Box | None:
    """What two boxes share, or None."""
    x0, y0 = max(one[0], other[0]), max(one[1], other[1])
    x1, y1 = min(one[2], other[2]), min(one[3], other[3])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def grown(box: Box, by: float) -> Box:
    """A box with a margin of a share of its size on every side."""
    dx, dy = (box[2] - box[0]) * by, (box[3] - box[1]) * by
    return box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy


def contains(outer: Box, inner: Box) -> bool:
    """Whether a box lies wholly in another."""
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and outer[2] >= inner[2]
        and outer[3] >= inner[3]
    )


def area(box: Box) -> float:
    """Pixels in a box."""
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)
