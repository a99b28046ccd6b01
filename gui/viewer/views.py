"""Displays and views of the OCIO configuration, and the transforms that they stand for.

Which view is the default: with the built-in configuration ``sRGB - Display`` and
``Un-tone-mapped``, so that a clip that nobody edited looks exactly as in any other picture viewer;
the ACES views are in the menu. With a configuration of the artist's own (``$OCIO``) its default
view, since somebody chose that.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.colour.ocio import DEFAULT_CONFIG, config_source, load_config
from engine.errors import UsageError

RAW = "Raw"
"""The view that every display has: the numbers as they are."""

PLAIN = "Un-tone-mapped"
"""The view of the built-in configuration that only encodes for the display."""

_CHEAP = {
    "MatrixTransform",
    "ExponentTransform",
    "ExponentWithLinearTransform",
    "RangeTransform",
    "CDLTransform",
    "LogTransform",
    "LogAffineTransform",
    "LogCameraTransform",
    "Lut1DTransform",
}
_GRID = 65
_TOE, _LOW, _HIGH = 2.0**-7, -0.001, 64.0
"""The shaper: logarithmic from 2^-7 up, linear below, and the values that the table spans."""


@dataclass(frozen=True)
class View:
    """One entry of the display and view menu."""

    display: str
    view: str

    @property
    def title(self) -> str:
        """What the menu says: ``sRGB · Un-tone-mapped``."""
        return f"{self.display.removesuffix(' - Display')} · {self.view}"


def views(config: str = "") -> tuple[View, ...]:
    """All displays and views in the configuration's order; each display has a raw one.

    Args:
        config: Path or ``ocio://`` name of a configuration; empty for the current one.
    """
    return _views(config_source(config))


@lru_cache(maxsize=8)
def _views(source: str) -> tuple[View, ...]:
    loaded = load_config(source)
    found: list[View] = []
    for display in loaded.getDisplays():
        names = [str(name) for name in loaded.getViews(display)]
        if RAW not in names:
            names.append(RAW)
        found += [View(str(display), name) for name in names]
    return tuple(found) or (View("", RAW),)


def default_view(display: str = "", view: str = "", config: str = "") -> View:
    """The view to start with: the one preferred where it exists, else as said above.

    Args:
        display: Preferred display; empty for the configuration's own.
        view: Preferred view; empty for the default.
        config: Path or ``ocio://`` name of a configuration; empty for the current one.
    """
    known = views(config)
    source = config_source(config)
    loaded = load_config(source)
    displays = [each.display for each in known]
    chosen = display if display in displays else str(loaded.getDefaultDisplay() or displays[0])
    of_display = [each.view for each in known if each.display == chosen]
    wanted = [view, PLAIN] if source == DEFAULT_CONFIG else [view]
    for name in (*wanted, str(loaded.getDefaultView(chosen)), *of_display):
        if name in of_display:
            return View(chosen, name)
    return known[0]


@dataclass(frozen=True)
class Transform:
    """Working space to one view.

    Attributes:
        exact: ``PyOpenColorIO`` CPU processor, or None where nothing is to be done.
        fast: The processor for pictures: the exact one where that is quick, else a shaper and a
            65-cubed table (20 ms instead of 785 for a frame of 1920 x 1080 in ACES 2.0).
        separable: Each channel depends on itself alone.
        source: The ``PyOpenColorIO`` processor that ``fast`` comes from: a shader made of it gives
            the same; None where nothing is to be done.
    """

    exact: Any
    fast: Any
    separable: bool
    source: Any = None


def transform(working: str, view: View, config: str = "") -> Transform:
    """The transform of a view; made once.

    Args:
        working: Colour space of the pixels.
        view: What to show them in.
        config: Path or ``ocio://`` name of a configuration; empty for the current one.

    Raises:
        UsageError: The configuration has no such space, display or view.
    """
    return _transform(working, view, config_source(config))


@lru_cache(maxsize=16)
def _transform(working: str, view: View, source: str) -> Transform:
    import PyOpenColorIO

    loaded = load_config(source)
    if view.view == RAW and (not view.display or RAW not in loaded.getViews(view.display)):
        return Transform(None, None, True)
    wanted = PyOpenColorIO.DisplayViewTransform()
    wanted.setSrc(working)
    wanted.setDisplay(view.display)
    wanted.setView(view.view)
    try:
        processor = loaded.getProcessor(wanted)
        exact = _cpu(processor, PyOpenColorIO.OPTIMIZATION_LOSSLESS)
    except PyOpenColorIO.Exception as error:
        first = str(error).splitlines()[0] if str(error) else "no transform"
        raise UsageError(
            f'"{working}" cannot be shown as {view.title} ({first}): choose another view, or '
            "another working space in the project's settings."
        ) from error
    if exact.isNoOp():
        return Transform(None, None, True)
    if not exact.hasChannelCrosstalk():
        return Transform(exact, exact, True, processor)
    steps = processor.getOptimizedProcessor(
        PyOpenColorIO.OPTIMIZATION_LOSSLESS
    ).createGroupTransform()
    if all(type(step).__name__ in _CHEAP for step in steps):
        return Transform(exact, exact, False, processor)
    baked = _baked(loaded, exact)
    return Transform(exact, _cpu(baked, PyOpenColorIO.OPTIMIZATION_DEFAULT), False, baked)


def _cpu(processor: Any, optimisation: Any) -> Any:
    import PyOpenColorIO

    depth = PyOpenColorIO.BIT_DEPTH_F32
    return processor.getOptimizedCPUProcessor(depth, depth, optimisation)


def _baked(loaded: Any, exact: Any) -> Any:
    """A processor of a shaper and a table, exact at the table's points."""
    import PyOpenColorIO

    low, high = _shaped(_LOW), _shaped(_HIGH)
    span = high - low
    shaper = PyOpenColorIO.LogCameraTransform(linSideBreak=[_TOE] * 3, base=2)
    shaper.setLogSideSlopeValue([1 / span] * 3)
    shaper.setLogSideOffsetValue([-low / span] * 3)
    steps = low + span * np.linspace(0, 1, _GRID)
    slope = _TOE * np.log(2)
    values = np.where(steps > np.log2(_TOE), 2.0**steps, (steps - np.log2(_TOE)) * slope + _TOE)
    cube = np.stack(np.meshgrid(values, values, values, indexing="ij"), axis=-1)
    table: F32 = np.ascontiguousarray(cube.reshape(-1, 3), np.float32)
    exact.applyRGB(table)
    lut = PyOpenColorIO.Lut3DTransform(
        gridSize=_GRID, interpolation=PyOpenColorIO.INTERP_TETRAHEDRAL
    )
    lut.setData(table.reshape(-1))
    group = PyOpenColorIO.GroupTransform([shaper, lut])
    return loaded.getProcessor(group)


def _shaped(value: float) -> float:
    if value > _TOE:
        return float(np.log2(value))
    return float(np.log2(_TOE) + (value - _TOE) / (_TOE * np.log(2)))


def luminance(working: str, config: str = "") -> F32:
    """Weights of red, green and blue in the luminance of the working space.

    Args:
        working: Colour space of the pixels.
        config: Path or ``ocio://`` name of a configuration; empty for the current one.
    """
    return _luminance(working, config_source(config))


@lru_cache(maxsize=16)
def _luminance(working: str, source: str) -> F32:
    import PyOpenColorIO

    loaded = load_config(source)
    weights = np.array(loaded.getDefaultLumaCoefs(), np.float32)
    try:
        processor = _cpu(
            loaded.getProcessor(working, "cie_xyz_d65_interchange"),
            PyOpenColorIO.OPTIMIZATION_LOSSLESS,
        )
    except PyOpenColorIO.Exception:  # a configuration without that role
        return weights
    primaries = np.eye(3, dtype=np.float32)
    processor.applyRGB(primaries)
    found: F32 = np.ascontiguousarray(primaries[:, 1])
    return found if abs(float(found.sum()) - 1) < 0.01 else weights
