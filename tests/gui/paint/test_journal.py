"""The journal: kill the program at any moment and lose at most one stroke."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from codef_nodes.graph.commands import AddNode, EditStrokes, RemoveNode
from codef_nodes.graph.document import Document
from codef_nodes.graph.history import History
from gui.paint.journal import StrokeJournal, digest_of, recover


class Work:
    """A document whose steps go to a journal, as the window's do."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.document = Document()
        self.history = History(self.document)
        self.journal = StrokeJournal(path, **options)
        self.document.mirror(self.journal.edits)
        self.saved = b""

    def save(self) -> None:
        self.saved = json.dumps(self.document.tree()).encode()
        self.journal.restart(digest_of(self.saved))

    def stroke(self, name: str) -> None:
        stroke = {"name": name, "points": [[1.0, 2.0, 1.0]]}
        self.history.do(EditStrokes("Paint1", None, 0, [stroke]))

    def recovered(self) -> tuple[dict[str, Any], int]:
        return recover(json.loads(self.saved), digest_of(self.saved), self.journal.path)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    made = Work(tmp_path / "auto" / "shot.journal")
    made.save()
    made.history.do(AddNode("Paint", "Paint1"))
    return made


def names(tree: dict[str, Any]) -> list[str]:
    return [stroke["name"] for stroke in tree["nodes"]["Paint1"]["knobs"].get("strokes", [])]


def test_every_step_since_the_autosave_comes_back_undo_included(work: Work) -> None:
    for name in "abc":
        work.stroke(name)
    work.history.undo()
    work.history.undo()
    work.history.redo()
    tree, steps = work.recovered()
    assert tree == work.document.tree()
    assert names(tree) == ["a", "b"]
    assert steps == 7


def test_a_stroke_in_progress_comes_back_up_to_its_last_second(tmp_path: Path) -> None:
    now = [0.0]
    work = Work(tmp_path / "j", clock=lambda: now[0])
    work.save()
    work.history.do(AddNode("Paint", "Paint1"))
    points: list[list[float]] = []
    work.journal.begin("Paint1", {"kind": "brush", "name": "long one"})
    for second in (0.4, 1.1, 1.6):
        now[0] = second
        points.append([second, 0.0, 1.0])
        work.journal.drawn(points)
    tree, _ = work.recovered()
    (stroke,) = tree["nodes"]["Paint1"]["knobs"]["strokes"]
    assert stroke["name"] == "long one"
    assert [point[0] for point in stroke["points"]] == [0.4, 1.1]


def test_a_finished_stroke_comes_back_once_and_an_aborted_one_never(work: Work) -> None:
    work.journal.begin("Paint1", {"name": "done"})
    work.journal.drawn([[1.0, 2.0, 1.0]])
    work.journal.flush()
    work.journal.end()
    work.stroke("done")
    work.journal.begin("Paint1", {"name": "aborted"})
    work.journal.drawn([[1.0, 2.0, 1.0]])
    work.journal.flush()
    work.journal.end()
    work.journal.flush()
    assert names(work.recovered()[0]) == ["done"]


def test_a_snapshot_that_was_put_in_place_just_before_the_crash_is_continued(work: Work) -> None:
    work.stroke("in the new snapshot")
    work.saved = json.dumps(work.document.tree()).encode()
    work.journal.checkpoint(digest_of(work.saved))
    work.stroke("after it")
    tree, steps = work.recovered()
    assert names(tree) == ["in the new snapshot", "after it"]
    assert steps == 1


def test_a_stroke_that_goes_on_over_an_autosave_is_kept_whole(work: Work) -> None:
    work.journal.begin("Paint1", {"name": "long"})
    work.journal.drawn([[1.0, 1.0, 1.0]])
    work.journal.flush()
    work.save()
    work.journal.drawn([[1.0, 1.0, 1.0], [2.0, 2.0, 1.0]])
    work.journal.flush()
    tree, _ = work.recovered()
    (stroke,) = tree["nodes"]["Paint1"]["knobs"]["strokes"]
    assert stroke["points"] == [[1.0, 1.0, 1.0], [2.0, 2.0, 1.0]]


def test_a_journal_of_another_snapshot_changes_nothing(work: Work) -> None:
    work.stroke("a")
    tree = {"nodes": {}}
    assert recover(tree, digest_of(b"another"), work.journal.path) == (tree, 0)
    assert recover(tree, "x", work.journal.path.with_name("absent")) == (tree, 0)


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.999])
def test_a_torn_end_costs_what_is_torn(work: Work, keep: float) -> None:
    for name in "abcdef":
        work.stroke(name)
    work.journal.flush()
    content = work.journal.path.read_bytes()
    work.journal.path.write_bytes(content[: int(len(content) * keep)])
    tree, _ = work.recovered()
    strokes = names(tree) if tree["nodes"] else []
    assert strokes == list("abcdef")[: len(strokes)]
    assert len(strokes) >= 6 * keep - 2


def test_lines_that_do_not_fit_the_document_stop_the_recovery_before_them(work: Work) -> None:
    work.stroke("a")
    with work.journal.path.open("ab") as file:
        bad = {"edits": [{"splice": ["nodes", "Gone", "knobs"], "index": 0,
                          "removed": [], "added": []}]}  # fmt: skip
        file.write(json.dumps(bad).encode() + b"\n")
        file.write(b'{"edits": [{"put": []}]}\n')
    tree, steps = work.recovered()
    assert names(tree) == ["a"]
    assert steps == 2


def test_a_removed_node_takes_the_open_stroke_with_it(work: Work) -> None:
    work.journal.begin("Paint1", {"name": "lost"})
    work.journal.drawn([[1.0, 1.0, 1.0]])
    work.history.do(RemoveNode("Paint1"))
    work.journal.flush()
    assert work.recovered()[0] == work.document.tree()


def test_a_clean_end_leaves_nothing_behind(work: Work) -> None:
    work.stroke("a")
    work.journal.discard()
    assert list(work.journal.path.parent.iterdir()) == []


def test_a_full_disk_is_told_once_and_painting_goes_on(tmp_path: Path) -> None:
    told: list[str] = []
    blocker = tmp_path / "file"
    blocker.write_text("no folder")
    work = Work(blocker / "journal", problem=told.append)
    work.save()
    work.history.do(AddNode("Paint", "Paint1"))
    work.stroke("a")
    assert len(told) == 1 and "recovery" in told[0]


PAINTER = """
import json, sys
from pathlib import Path
from codef_nodes.graph.commands import AddNode, EditStrokes
from codef_nodes.graph.document import Document
from codef_nodes.graph.history import History
from gui.paint.journal import StrokeJournal, digest_of
document = Document(); history = History(document); journal = StrokeJournal(Path(sys.argv[1]))
document.mirror(journal.edits)
journal.restart(digest_of(json.dumps(document.tree()).encode()))
history.do(AddNode("Paint", "Paint1"))
for number in range(10**9):
    points = [[float(n), 1.0, 1.0] for n in range(50)]
    journal.begin("Paint1", {"name": str(number)})
    journal.drawn(points); journal.flush(); journal.end()
    history.do(EditStrokes("Paint1", None, 0, [{"name": str(number), "points": points}]))
    print(number, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_kill_minus_nine_loses_at_most_one_stroke(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    code = [sys.executable, "-c", PAINTER, str(path)]
    with subprocess.Popen(code, stdout=subprocess.PIPE, text=True) as painter:
        assert painter.stdout is not None
        deadline = time.monotonic() + 30
        done = -1
        while done < 40 and time.monotonic() < deadline:
            done = int(painter.stdout.readline())
        os.kill(painter.pid, signal.SIGKILL)
        for line in painter.stdout:
            done = int(line) if line.endswith("\n") else done
    empty = json.dumps(Document().tree()).encode()
    tree, _ = recover(json.loads(empty), digest_of(empty), path)
    found = names(tree)
    assert found == [str(number) for number in range(len(found))]
    assert len(found) >= done + 1
