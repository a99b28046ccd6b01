"""Documents as files: ``.codef``, JSON with a versioned schema.

Form: ``{"codef": {"schema": 1}, "settings": {...}, "nodes": {NAME: {"type", "version", "knobs",
"inputs", "position", ...}}}``. Members are sorted, one node is one block, only knobs that differ
from their default are there. What this version does not know is kept and written back.
"""

from collections.abc import Mapping
from pathlib import Path

from codef_nodes.graph.clones import loosened
from codef_nodes.graph.document import BLOCK_KEYS, SCHEMA, Document
from codef_nodes.graph.jsontext import read_json, write_json
from codef_nodes.graph.jsonvalue import JSON, plain, same
from codef_nodes.graph.node import Upgrade
from codef_nodes.graph.registry import Registry, UnknownNode
from codef_nodes.graph.safewrite import write_safely
from codef_nodes.graph.settings import SETTINGS
from engine.errors import DocumentError, InputError, UsageError

UPGRADES: dict[int, Upgrade] = {}
"""From schema N: a function from a whole document of schema N to one of N + 1. Never deleted."""

_FIRST = ("codef", "schema", "settings", "nodes", *BLOCK_KEYS)


def load(path: str | Path, registry: Registry | None = None) -> Document:
    """Reads a document; runs nothing of it. ``Document.notes`` says what is unknown in it.

    Raises:
        InputError: No such file, or it cannot be read.
        DocumentError: It is no document, is broken, or comes from a newer version.
        UsageError: Its nodes form a cycle.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"cannot read {path} ({error.strerror or error}); check the path", file=path
        ) from error
    except UnicodeDecodeError:
        raise DocumentError(
            f"{path} is no Codef document: it is no text; open a backup of it", file=path
        ) from None
    try:
        tree = read_json(text)
    except ValueError as error:
        raise DocumentError(
            f"{path} is no Codef document: {error}; open a backup of it", file=path
        ) from None
    try:
        return from_tree(tree, registry)
    except UsageError as error:
        kind = type(error)
        raise kind(f"{path}: {error.message}", file=path, node=error.node) from None


def save(document: Document, path: str | Path) -> None:
    """Writes a document; the file is replaced in one step or stays as it was.

    Raises:
        WriteError: Read-only, no such folder, disk full.
    """
    text = as_text(document)
    if not same(read_json(text), document.tree()):
        raise DocumentError(f"{path} was not written: the document does not survive writing")
    write_safely(Path(path), text.encode())


def as_text(document: Document) -> str:
    """The text of a document; equal documents give equal texts."""
    return write_json(document.tree(), _FIRST)


def from_tree(tree: JSON, registry: Registry | None = None) -> Document:
    """A document from its JSON form, upgraded and checked.

    Raises:
        DocumentError: Not of the form above, or of a newer schema.
        UsageError: Its nodes form a cycle.
    """
    try:
        tree = plain(tree)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"this is no Codef document: {error}") from None
    tree = upgraded(tree, UPGRADES, SCHEMA)
    _check_shape(tree)
    document = Document(registry, tree)
    for name, block in tree["nodes"].items():
        tree["nodes"][name] = _upgraded_block(document, name, block)
    _check_wires(tree["nodes"])
    document.check_cycles()
    for name in document.nodes:
        _tidy_knobs(document, name)
    for name in loosened(tree["nodes"]):
        document.notes.append(f"{name} is no clone any more: its knobs differ from its clones'")
    _note_settings(document)
    return document


def upgraded(tree: JSON, upgrades: Mapping[int, Upgrade], newest: int) -> dict[str, JSON]:
    """A document of any older schema as one of the newest, one step at a time.

    Raises:
        DocumentError: No schema, a newer one, or one that no step leads from.
    """
    head = tree.get("codef") if isinstance(tree, dict) else None
    schema = head.get("schema") if isinstance(head, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 0:
        raise DocumentError('this is no Codef document: it has no "codef": {"schema": number}')
    if schema > newest:
        raise DocumentError(
            f"the document is of schema {schema}, but this version reads up to {newest}; "
            "open it with a newer version of Codef Nodes"
        )
    for step in range(schema, newest):
        if step not in upgrades:
            raise DocumentError(f"nothing leads from schema {step} to {step + 1}")
        tree = _step(upgrades[step], tree, f"from schema {step}")
        tree["codef"] = {**tree.get("codef", {}), "schema": step + 1}
    return dict(tree)


def _step(upgrade: Upgrade, old: dict[str, JSON], what: str) -> dict[str, JSON]:
    """One upgrade step; content that it was not written for is a broken document."""
    try:
        return upgrade(old)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise DocumentError(f"cannot bring {what} up to date: {error!r}") from error


def _upgraded_block(document: Document, name: str, block: dict[str, JSON]) -> dict[str, JSON]:
    cls = document.registry.node_class(block["type"])
    if cls is UnknownNode:
        document.notes.append(
            f"{name} is of the unknown type {block['type']!r}: it is kept but cannot run"
        )
        return block
    version = block["version"]
    if version > cls.version:
        document.notes.append(
            f"{name} ({cls.type}) was saved by a newer version ({version}, here {cls.version}): "
            "it is kept but cannot run"
        )
        return block
    for step in range(version, cls.version):
        # A version without an upgrade changed results only, not the block.
        if step in cls.upgrades:
            block = _step(cls.upgrades[step], block, f"the node {name} from version {step}")
        block["version"] = step + 1
    if version < cls.version:
        _check_block(name, block)
    return block


def _tidy_knobs(document: Document, name: str) -> None:
    """Brings knob values to their normal form; notes what is unknown or would be refused."""
    cls = document.node_class(name)
    if cls is UnknownNode:
        return
    knobs = document._tree["nodes"][name]["knobs"]
    for knob_name in sorted(knobs):
        described = cls.knob(knob_name)
        if described is None:
            document.notes.append(
                f"{name} ({cls.type}) has an unknown knob {knob_name!r}: it is kept, unused"
            )
            continue
        try:
            value = described.check(knobs[knob_name], name)
        except UsageError as error:
            document.notes.append(f"{error.message}; the node will not run until it is set")
            continue
        if same(value, described.check(described.default)):
            del knobs[knob_name]
        else:
            knobs[knob_name] = value
    for port in sorted(document.state(name).inputs):
        known = cls.port(port)
        if known is None:
            document.notes.append(
                f"{name} ({cls.type}) has an unknown input {port!r}: it is kept, unused"
            )
        elif known.variadic:
            wires = document._tree["nodes"][name]["inputs"]
            wires[port] = list(document.wires(name, port))


def _note_settings(document: Document) -> None:
    known = {knob.name: knob for knob in SETTINGS}
    stored = document._tree["settings"]
    for name in sorted(stored):
        if name not in known:
            document.notes.append(f"the project setting {name!r} is unknown: it is kept, unused")
        else:
            stored[name] = known[name].check(stored[name], "settings")


def _check_shape(tree: dict[str, JSON]) -> None:
    for name in ("settings", "nodes"):
        if not isinstance(tree.setdefault(name, {}), dict):
            raise DocumentError(f"this is no Codef document: {name!r} must be a JSON object")
    seen: dict[str, str] = {}
    for name, block in tree["nodes"].items():
        if not name.isidentifier():
            raise DocumentError(f"{name!r} is no name for a node (letters, digits and _)")
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise DocumentError(f"the nodes {other} and {name} differ in capitals only; rename one")
        _check_block(name, block)


def _check_block(name: str, block: JSON) -> None:
    def refuse(what: str) -> None:
        raise DocumentError(f"the block of node {name} is broken: {what}", node=name)

    if not isinstance(block, dict):
        refuse("it is no JSON object")
    if not isinstance(block.get("type"), str):
        refuse('"type" must be text')
    version = block.setdefault("version", 1)
    if not isinstance(version, int) or isinstance(version, bool):
        refuse('"version" must be a whole number')
    for part in ("knobs", "inputs"):
        if not isinstance(block.setdefault(part, {}), dict):
            refuse(f'"{part}" must be a JSON object')
    for port, wires in block["inputs"].items():
        names = wires if isinstance(wires, list) else [wires]
        if not all(isinstance(wire, str) for wire in names):
            refuse(f"input {port!r} must hold the name of a node or a list of names")
    position = block.get("position", [0, 0])
    if (
        not isinstance(position, list)
        or len(position) != 2
        or not all(isinstance(x, int | float) and not isinstance(x, bool) for x in position)
    ):
        refuse('"position" must be a list of two numbers')
    if not isinstance(block.get("disabled", False), bool):
        refuse('"disabled" must be true or false')
    if not isinstance(block.get("label", ""), str):
        refuse('"label" must be text')
    record = block.get("field", {})
    if not isinstance(record, dict) or not all(
        isinstance(record.get(part, ""), str) for part in ("path", "key")
    ):
        refuse('"field" must hold the texts "path" and "key"')


def _check_wires(nodes: dict[str, JSON]) -> None:
    for name, block in nodes.items():
        for port, wires in block["inputs"].items():
            for wire in wires if isinstance(wires, list) else [wires]:
                if wire not in nodes:
                    raise DocumentError(
                        f"{name}.{port} is wired to {wire}, which is not in the document",
                        node=name,
                    )
