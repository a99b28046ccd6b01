"""The documents say what the program does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from codef_nodes.cli import app
from codef_nodes.graph.registry import all_node_classes
from codef_nodes.work.catalogue import catalogue
from codef_nodes.work.nodepage import markdown

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_page_of_nodes_is_up_to_date() -> None:
    page = (ROOT / "docs" / "nodes.md").read_text("utf-8")
    assert page == markdown(catalogue()), "run: codef nodes --markdown > docs/nodes.md"


def test_the_command_prints_the_page() -> None:
    command = [sys.executable, "-m", "codef_nodes", "nodes", "--markdown"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.decode("utf-8").replace("\r\n", "\n") == markdown(catalogue())


def test_a_bar_in_a_help_sentence_does_not_end_its_cell() -> None:
    node = catalogue("Viewer")[0]
    node["knobs"][0]["help"] = "This | or that."
    row = next(line for line in markdown([node]).splitlines() if "or that" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 5


def blocks(page: Path) -> list[str]:
    """Lines of the code blocks of a page."""
    fenced = re.findall(r"^```[a-z]*\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    return [line for block in fenced for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_documents_are_ones_that_the_program_takes(page: Path) -> None:
    parser = app.parser()
    for line in blocks(page):
        if line.startswith("codef "):
            words = line.partition("  #")[0].split()
            parser.parse_args(words[1:])  # leaves with SystemExit where it does not know a word


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_knobs_named_in_commands_exist(page: Path) -> None:
    knobs = {knob.name for cls in all_node_classes() for knob in cls.knobs}
    for line in blocks(page):
        for name in re.findall(r"--set \w+\.(\w+)=", line):
            assert name in knobs, line
