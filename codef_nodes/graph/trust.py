"""External commands that the person at this machine has allowed.

A document may name programs to run. Each argument list is asked about once on a machine; what was
allowed is kept in ``trusted_commands.json`` in the user's configuration folder, where it can be
read and taken back. It is never part of a document, nor of a cache that others may write.
"""

import json
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from codef_nodes.graph.document import Document
from codef_nodes.graph.safewrite import write_safely
from engine.errors import WriteError

FORM = "codef_trusted_commands"

Ask = Callable[[str], bool]
"""Puts a question to the person and tells whether the answer was yes."""


def trust_file() -> Path:
    """``$CODEF_CONFIG/trusted_commands.json``, else in the user's configuration folder."""
    named = os.environ.get("CODEF_CONFIG")
    if named:
        return Path(named).expanduser() / "trusted_commands.json"
    import platformdirs

    return Path(platformdirs.user_config_path("codef", appauthor=False)) / "trusted_commands.json"


class Trust:
    """Commands that may run.

    Args:
        file: Where they are kept; default: ``trust_file()``.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = trust_file() if file is None else file
        self._commands = self._read()

    def allows(self, command: Sequence[str]) -> bool:
        """Whether exactly this argument list was allowed."""
        return tuple(command) in self._commands

    def remember(self, command: Sequence[str]) -> None:
        """Allows an argument list from now on.

        Raises:
            WriteError: The file cannot be written; the command is allowed for this run only.
        """
        self._commands.add(tuple(command))
        content = {FORM: 1, "commands": sorted(list(each) for each in self._commands)}
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(
                f"cannot make {self.file.parent} ({error.strerror or error}); the command is "
                "allowed this time only",
                file=self.file,
            ) from error
        write_safely(self.file, (json.dumps(content, indent=1) + "\n").encode())

    def _read(self) -> set[tuple[str, ...]]:
        """What is kept; a file that is absent or broken allows nothing."""
        try:
            content = json.loads(self.file.read_text(encoding="utf-8"))
            if content[FORM] != 1:
                return set()
            listed = content["commands"]
            return {tuple(each) for each in listed if all(isinstance(part, str) for part in each)}
        except (OSError, ValueError, KeyError, TypeError):
            return set()


def external_commands(document: Document, nodes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The commands that a render of some nodes may run, by the name of the node.

    Args:
        document: The document.
        nodes: What is rendered.
    """
    found: dict[str, tuple[str, ...]] = {}
    waiting, seen = list(nodes), set(nodes)
    while waiting:
        name = waiting.pop()
        state = document.state(name)
        if not state.disabled:
            command = document.node_class(name).external_command(partial(document.knob_value, name))
            if command:
                found[name] = command
        for wire in state.inputs.values():
            for source in [wire] if isinstance(wire, str) else wire or []:
                if source and source not in seen:
                    seen.add(source)
                    waiting.append(source)
    return dict(sorted(found.items()))


def ask_about(
    document: Document, nodes: Sequence[str], ask: Ask, warn: Callable[[str], None]
) -> Trust:
    """Asks about each command that is new on this machine, before anything runs.

    Args:
        document: The document.
        nodes: What is rendered.
        ask: Puts the question; always no where nobody can answer.
        warn: Hears when an answer cannot be kept.

    Returns:
        What may run.
    """
    trust = Trust()
    for node, command in external_commands(document, nodes).items():
        if trust.allows(command):
            continue
        # As JSON, so that nothing in a command can hide behind control characters.
        shown = json.dumps(list(command))
        if ask(f"{node} wants to run another program: {shown}\nAllow it on this machine?"):
            try:
                trust.remember(command)
            except WriteError as error:
                warn(error.message)
    return trust
