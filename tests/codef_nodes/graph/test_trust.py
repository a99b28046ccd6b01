"""External commands ask once on a machine."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from codef_nodes.cli.console import Console
from codef_nodes.graph.serialise import from_tree
from codef_nodes.graph.session import Session
from codef_nodes.graph.trust import Trust, external_commands, trust_file
from codef_nodes.work.rendering import RenderJob, render_document
from engine.errors import UsageError
from engine.progress import silent
from tests.codef_nodes.cli.tinyclip import make_clip

COPY = [
    sys.executable,
    "-c",
    "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])",
    "{input}",
    "{output}",
]


def node(kind: str, wires: dict[str, Any] | None = None, **knobs: Any) -> dict[str, Any]:
    return {"type": kind, "version": 1, "knobs": knobs, "inputs": wires or {}}


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A document with an external command; the machine's configuration is the test's own."""
    monkeypatch.setenv("CODEF_CONFIG", str(tmp_path / "config"))
    make_clip(tmp_path / "clip")
    run = {"operation": "external", "external_command": COPY}
    nodes = {
        "Clip": node("LoadSequence", file="clip"),
        "Run": node("ImageOperation", {"image": "Clip"}, **run),
        "Aside": node("ImageOperation", {"image": "Clip"}, **{**run, "external_command": ["x"]}),
        "Idle": {**node("ImageOperation", {"image": "Run"}, **run), "disabled": True},
        "Write": node("WriteSequence", {"image": "Idle"}, file="out/o.%04d.png"),
    }
    path = tmp_path / "shot.codef"
    tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path


def render(document: Path, answers: list[bool]) -> list[str]:
    """Renders with a person who answers; returns what was asked."""
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return answers[len(asked) - 1]

    render_document(RenderJob(str(document), frames="1001"), silent(), print, ask)
    return asked


def test_only_commands_that_the_render_runs_are_found(document: Path) -> None:
    tree = json.loads(document.read_text(encoding="utf-8"))
    found = external_commands(from_tree(tree), ["Write"])
    assert found == {"Run": tuple(COPY)}


def test_a_yes_is_asked_for_once_and_holds_for_this_command_only(document: Path) -> None:
    (question,) = render(document, [True])
    assert "Run" in question and "shutil.copy" in question
    assert (document.parent / "out" / "o.1001.png").is_file()
    assert render(document, []) == []
    # Where nobody can answer, what was allowed on this machine still runs.
    render_document(RenderJob(str(document), frames="1002"), silent(), print)
    changed = document.read_text(encoding="utf-8").replace("shutil.copy(", "shutil.copyfile(")
    document.write_text(changed, encoding="utf-8")
    with pytest.raises(UsageError, match="--allow-external"):
        render(document, [False])


def test_a_no_runs_nothing_and_asks_again(document: Path) -> None:
    for _ in range(2):
        with pytest.raises(UsageError, match="Run runs another program"):
            render(document, [False])
    assert not trust_file().exists()
    assert not (document.parent / "out" / "o.1001.png").exists()


def test_opening_a_document_asks_and_runs_nothing(document: Path) -> None:
    Session().open(document)
    assert not trust_file().exists()


@pytest.mark.parametrize("text", ["", "[]", '{"codef_trusted_commands": 1, "commands": [1]}'])
def test_a_broken_trust_file_allows_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    trust = Trust(tmp_path / "t.json")
    assert not trust.allows(COPY)
    trust.remember(COPY)
    assert Trust(tmp_path / "t.json").allows(COPY)
    assert not Trust(tmp_path / "t.json").allows(COPY[:-1])


def test_a_console_without_a_terminal_answers_no() -> None:
    assert Console(as_json=False, quiet=True).ask("Allow it?") is False
