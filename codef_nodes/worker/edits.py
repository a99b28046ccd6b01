"""Edits of a document as JSON, both ways, exactly; and applied without touching the old tree.

``{"put": PATH, "before": V, "after": V}`` where an absent member means that nothing is there,
``{"splice": PATH, "index": N, "removed": [...], "added": [...]}`` and
``{"rename": PATH, "before": NAME, "after": NAME}``.
"""

from collections.abc import Sequence
from typing import Any

from codef_nodes.graph.edits import ABSENT, Edit, Path, Put, RenameKey, Splice
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.worker.protocol import ProtocolError


def edit_to_json(edit: Edit) -> dict[str, Any]:
    """One edit as JSON."""
    path = list(edit.path)
    if isinstance(edit, Splice):
        return {
            "splice": path,
            "index": edit.index,
            "removed": edit.removed,
            "added": edit.added,
        }
    if isinstance(edit, RenameKey):
        return {"rename": path, "before": edit.before, "after": edit.after}
    content: dict[str, Any] = {"put": path}
    if edit.before is not ABSENT:
        content["before"] = edit.before
    if edit.after is not ABSENT:
        content["after"] = edit.after
    return content


def edit_from_json(content: Any) -> Edit:
    """The edit that some JSON says.

    Raises:
        ProtocolError: It says none.
    """
    if isinstance(content, dict):
        if "put" in content:
            path = _path(content["put"], 1)
            return Put(path, content.get("before", ABSENT), content.get("after", ABSENT))
        if "splice" in content:
            index, removed, added = (content.get(key) for key in ("index", "removed", "added"))
            if (
                isinstance(index, int)
                and index >= 0
                and isinstance(removed, list)
                and isinstance(added, list)
            ):
                return Splice(_path(content["splice"], 1), index, removed, added)
        if "rename" in content:
            before, after = content.get("before"), content.get("after")
            if isinstance(before, str) and isinstance(after, str):
                return RenameKey(_path(content["rename"], 1), before, after)
    raise ProtocolError("this is no edit of a document; see docs/protocol.md")


def edits_to_json(edits: Sequence[Edit]) -> list[dict[str, Any]]:
    """A run of edits as JSON."""
    return [edit_to_json(edit) for edit in edits]


def edits_from_json(content: Any) -> list[Edit]:
    """The run of edits that some JSON says.

    Raises:
        ProtocolError: It says none.
    """
    if not isinstance(content, list):
        raise ProtocolError("edits are a list; see docs/protocol.md")
    return [edit_from_json(each) for each in content]


def applied(tree: dict[str, JSON], edits: Sequence[Edit]) -> dict[str, JSON]:
    """The tree after some edits; the one given stays as it is, and they share what is equal."""
    fresh: set[int] = set()
    kept: list[JSON] = []  # an id is a name for as long as the object lives
    root: dict[str, JSON] = dict(tree)
    for edit in edits:
        place: JSON = root
        for step in edit.path[:-1] if isinstance(edit, Put) else edit.path:
            inner = place[step]
            if id(inner) not in fresh:
                inner = place[step] = inner.copy()
                fresh.add(id(inner))
                kept.append(inner)
            place = inner
        edit.apply(root)
    return root


def _path(content: Any, least: int) -> Path:
    good = isinstance(content, list) and all(
        isinstance(step, str | int) and not isinstance(step, bool) for step in content
    )
    if not good or len(content) < least:
        raise ProtocolError("the path of an edit is a list of names and numbers")
    return tuple(content)
