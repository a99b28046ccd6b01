"""Small graphs to paint on."""

from codef_nodes.graph.commands import AddNode, Command, Connect, Group
from gui.core.project import Project


def shot(project: Project, *, paint: int = 0, still: bool = True, carry: bool = True) -> None:
    """A plate, its fit, and on demand the still, some Paint nodes and the way back."""
    commands: list[Command] = [
        AddNode("LoadSequence", "Plate"),
        AddNode("FitCoDeF", "Fit"),
        Connect("Plate", "Fit", "clip"),
    ]
    last = "Fit"
    if still:
        commands += [AddNode("CanonicalView", "Still"), Connect("Fit", "Still", "field")]
        last = "Still"
    for number in range(1, paint + 1):
        commands += [AddNode("Paint", f"Paint{number}"), Connect(last, f"Paint{number}", "image")]
        last = f"Paint{number}"
    if carry:
        commands += [
            AddNode("Propagate", "Carry"),
            Connect("Fit", "Carry", "field"),
            Connect("Plate", "Carry", "source"),
        ]
        if still:
            commands.append(Connect(last, "Carry", "edit"))
    assert project.do(Group(commands))


def strokes(count: int, **values: object) -> list[dict[str, object]]:
    """Strokes in a row: stroke n runs along y = 10 n."""
    return [
        {
            "name": f"s{n}",
            "size": 4.0,
            "points": [[0.0, 10.0 * n, 1.0], [20.0, 10.0 * n, 1.0]],
            **values,
        }
        for n in range(count)
    ]
