"""The sentences of a QC sheet, the same in the PNG and on the page."""

from codef_nodes.work.qc.contents import Contents
from codef_nodes.work.qc.plots import Plot


def worst_note(contents: Contents, frame: int) -> str:
    """What is said of one of the worst frames."""
    found = next(each for each in contents.review.frames if each.frame == frame)
    return f"confidence {found.confidence:.3f}, {found.psnr:.1f} dB"


def plot_note(plot: Plot) -> str:
    """The unit of a plot."""
    return plot.unit


def coverage_note(contents: Contents, k: int) -> str:
    """What a coverage map says in a figure."""
    coverage = contents.review.layers[k].coverage
    known = coverage > 0
    if not known.any():
        return "no frame shows it"
    return f"seen in {100 * coverage[known].mean():.0f} % of the frames"


def pin_rows(contents: Contents) -> list[str]:
    """Where the next pin or painted frame pays most, one sentence each."""
    several = len(contents.layers) > 1
    rows = []
    for n, spot in enumerate(contents.review.spots):
        layer = f" on {contents.layers[spot.layer]}" if several else ""
        x, y = spot.point[0], contents.height - spot.point[1]
        worth = f"; pays {100 * spot.worth:.0f} % as much as place 1" if n else ""
        rows.append(
            f"Frame {spot.frame}{layer}: x {x:.0f}, y {y:.0f} from the bottom left; confidence "
            f"{spot.confidence:.2f} there, seen in {spot.frames} frames{worth}."
        )
    return rows


def group_rows(contents: Contents) -> list[str]:
    """What one canonical image does not explain, as sentences."""
    return [f"{row[0].upper()}{row[1:]}." for row in contents.groups]
