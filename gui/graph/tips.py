"""What the tooltip over a place in the graph says."""

from html import escape

from gui import theme
from gui.graph.places import Hit
from gui.graph.scene import GraphScene

_FIT = {
    "none": "Not fitted yet.",
    "fitted": "Fitted.",
    "stale": "Fitted, but something upstream has changed since; fit again when it matters.",
    "fitting": "Fitting.",
    "failed": "The fit failed.",
    "missing": "The finished fit that the document names is not there.",
}


def tip_for(scene: GraphScene, hit: Hit) -> str:
    """A tooltip as rich text; empty: none."""
    if hit.kind == "nothing" or hit.kind == "grip" or hit.name not in scene.document:
        return ""
    if hit.kind == "wire":
        wire = scene.wires.get((hit.name, hit.port, hit.index))
        kind = wire.kind if wire is not None else ""
        source = wire.source if wire is not None else ""
        return _rich(f"{source} → {hit.name}.{hit.port}", [str(kind or "")], "")
    cls = scene.document.node_class(hit.name)
    if hit.kind == "input":
        port = cls.port(hit.port)
        needed = "" if port is None else ", optional" if port.optional else ", needed"
        kind = "" if port is None else f"{port.type}{needed}"
        return _rich(f"{hit.name}.{hit.port}", [kind, "" if port is None else port.help], "")
    face = scene.nodes[hit.name].face
    told = face.told
    lines = [face.title if face.title != hit.name else "", face.label]
    if face.caption and face.caption not in (face.title, face.label):
        lines.append(face.caption)
    if told.fit:
        lines.append(_FIT.get(told.fit, told.fit))
    if told.progress is not None:
        lines.append(f"{told.label or 'Working'}: {told.progress * 100:.0f} %")
    if face.disabled:
        lines.append("Disabled: the main input passes.")
    if face.clones:
        lines.append(f"Clone of {', '.join(face.clones)}: they share their knobs.")
    if face.unknown:
        lines.append(
            "This version does not know the type: the node is kept as it is and cannot run."
        )
    lines.append(told.note)
    return _rich(hit.name, lines, told.error)


def _rich(head: str, lines: list[str], error: str) -> str:
    rows = [f"<b>{escape(head)}</b>"]
    rows += [escape(line).replace("\n", "<br>") for line in lines if line]
    if error:
        rows.append(f'<span style="color: {theme.ERROR}">{escape(error)}</span>')
    body = "<br>".join(rows)
    return f'<div style="max-width: 420px; white-space: normal">{body}</div>'
