"""Laziness is counted, errors carry the node, cancel answers."""

import threading
import time

import numpy as np
import pytest

from codef_nodes.graph.cache import Cache, RamCache
from codef_nodes.graph.commands import Connect, Move, Rename, SetDisabled, SetLabel, SetSetting
from codef_nodes.graph.document import Document
from codef_nodes.graph.flags import KEEP, SetFlag
from codef_nodes.graph.serialise import from_tree
from engine.errors import Cancelled, CodefError, DocumentError, InputError, UsageError
from engine.progress import Task
from tests.codef_nodes.graph.small_nodes import (
    RELEASE,
    STARTED,
    build,
    disk_cache,
    evaluator,
    set_knob,
)


def mean(picture):
    return float(picture.pixels.mean())


def test_unchanged_graph_computes_once_and_a_change_back_computes_nothing():
    document = build(("Ramp", "Clip", {}, {}), ("Gain", "Grade", {"gain": 2.0}, {"image": "Clip"}))
    graph = evaluator(document)
    assert mean(graph.value("Grade", 3)) == 6
    assert mean(graph.value("Grade", 3)) == 6
    assert graph.computes == {"Clip": 1, "Grade": 1}
    set_knob(document, "Grade", "gain", 3.0)
    assert mean(graph.value("Grade", 3)) == 9
    assert graph.computes == {"Clip": 1, "Grade": 2}
    set_knob(document, "Grade", "gain", 2.0)
    assert mean(graph.value("Grade", 3)) == 6
    assert graph.computes == {"Clip": 1, "Grade": 2}


def test_equal_nodes_share_one_compute_and_frames_do_not():
    document = build(
        ("Ramp", "Clip", {}, {}),
        ("Gain", "A", {"gain": 2.0}, {"image": "Clip"}),
        ("Gain", "B", {"gain": 2.0}, {"image": "Clip"}),
        ("Sum", "Both", {}, {"images": ["A", "B"]}),
    )
    graph = evaluator(document)
    assert mean(graph.value("Both", 2)) == 8
    assert graph.type_computes["Gain"] == 1
    assert mean(graph.value("Both", 4)) == 16
    assert graph.type_computes["Gain"] == 2


def test_layout_labels_and_names_change_no_key():
    document = build(("Ramp", "Clip", {}, {}), ("Gain", "Grade", {}, {"image": "Clip"}))
    graph = evaluator(document)
    before = graph.key("Grade", 1)
    revision = document.revision
    Move({"Clip": (40.0, 2.5)}).run(document)
    SetLabel("Grade", "warm").run(document)
    assert document.revision == revision
    Rename("Clip", "Plate").run(document)
    assert graph.key("Grade", 1) == before


def test_what_matters_changes_the_key(tmp_path):
    (tmp_path / "a.txt").write_text("1")
    document = build(
        ("Ramp", "Clip", {"file": "a.txt"}, {}), ("Gain", "Grade", {}, {"image": "Clip"})
    )
    graph = evaluator(document, tmp_path)
    keys = [graph.key("Grade", 1), graph.key("Grade", 2)]
    set_knob(document, "Clip", "level", 0.5)
    keys.append(graph.key("Grade", 1))
    (tmp_path / "a.txt").write_text("25")
    keys.append(graph.key("Grade", 1))
    SetSetting("working_space", "ACEScg").run(document)
    keys.append(graph.key("Grade", 1))
    assert len(set(keys)) == 5
    assert mean(graph.value("Clip", 1)) == 26.5


def test_static_input_makes_the_operations_on_it_static():
    document = build(
        ("Ramp", "Picture", {"still": True, "level": 2.0}, {}),
        ("Gain", "Grade", {"gain": 3.0}, {"image": "Picture"}),
    )
    graph = evaluator(document)
    assert [mean(graph.value("Grade", f)) for f in (1, 2, 3)] == [6, 6, 6]
    assert graph.computes == {"Picture": 1, "Grade": 1}
    assert graph.frames("Grade") is None


def test_strokes_with_a_lifetime_on_a_still_are_computed_per_frame():
    document = build(
        ("Ramp", "Picture", {"still": True}, {}),
        ("Strokes", "Paint", {"strokes": [{"value": 2}]}, {"image": "Picture"}),
        ("Gain", "After", {"gain": 2.0}, {"image": "Paint"}),
    )
    graph = evaluator(document)
    assert [mean(graph.value("Paint", f)) for f in (1, 2)] == [2, 2]
    assert graph.computes["Paint"] == 1
    set_knob(document, "Paint", "strokes", [{"value": 2}, {"value": 5, "frame": 2}])
    assert [mean(graph.value("Paint", f)) for f in (1, 2)] == [2, 7]
    assert [mean(graph.value("After", f)) for f in (1, 2)] == [4, 14]
    assert graph.computes["Picture"] == 1


def test_disabled_node_passes_its_main_input_under_the_same_key():
    document = build(
        ("Ramp", "Clip", {}, {}),
        ("Gain", "Grade", {"gain": 5.0}, {"image": "Clip"}),
        ("Gain", "After", {"gain": 2.0}, {"image": "Grade"}),
    )
    graph = evaluator(document)
    SetDisabled("Grade").run(document)
    assert graph.key("Grade", 2) == graph.key("Clip", 2)
    assert mean(graph.value("After", 2)) == 4
    assert graph.frames("After") == (1, 2, 3, 4, 5)
    assert graph.computes == {"Clip": 1, "After": 1}
    assert graph.value("Grade", 2) is graph.value("Clip", 2)
    SetDisabled("Clip").run(document)
    with pytest.raises(UsageError, match="Clip is disabled"):
        graph.value("After", 2)


def test_input_that_is_switched_off_is_neither_computed_nor_checked():
    document = build(
        ("Ramp", "Good", {}, {}),
        ("Ramp", "Bad", {"file": "absent.txt"}, {}),
        ("Choose", "Choice", {}, {"a": "Good", "b": "Bad"}),
    )
    graph = evaluator(document)
    assert mean(graph.value("Choice", 2)) == 2
    set_knob(document, "Choice", "which", "b")
    with pytest.raises(InputError, match="absent") as caught:
        graph.value("Choice", 2)
    assert caught.value.node == "Bad"


def test_neighbouring_frames_are_part_of_the_key():
    document = build(("Ramp", "Clip", {}, {}), ("Motion", "Flow", {}, {"image": "Clip"}))
    graph = evaluator(document)
    assert graph.value("Flow", 2).forward.mean() == 1
    assert graph.value("Flow", 5).forward is None
    assert graph.computes["Clip"] == 3
    # Frame 5 gets a neighbour; frame 2 keeps its own.
    two, five = graph.key("Flow", 2), graph.key("Flow", 5)
    set_knob(document, "Clip", "last", 6)
    assert graph.key("Flow", 5) != five
    assert graph.key("Flow", 2) != two  # the knob is part of the clip's own key


def test_missing_input_and_wrong_types_are_refused_with_names():
    document = build(("Gain", "Grade", {}, {}), ("Ramp", "Clip", {}, {}))
    with pytest.raises(UsageError, match="Grade needs something wired to its input 'image'"):
        evaluator(document).value("Grade", 1)
    tree = document.tree()
    tree["nodes"]["Flow"] = {"type": "Motion", "inputs": {"image": "Clip"}}
    tree["nodes"]["Grade"]["inputs"] = {"image": "Flow"}
    with pytest.raises(UsageError, match=r"Flow gives flow, but Grade\.image takes image"):
        evaluator(from_tree(tree, document.registry)).value("Grade", 1)


def test_a_node_without_frame_says_so():
    document = build(("Ramp", "Clip", {}, {}))
    with pytest.raises(UsageError, match="Clip needs a frame"):
        evaluator(document).value("Clip")


def test_cycle_is_found_when_evaluated():
    document = build(("Gain", "A", {}, {}), ("Gain", "B", {}, {"image": "A"}))
    tree = document.tree()
    tree["nodes"]["A"]["inputs"]["image"] = "B"
    with pytest.raises(UsageError, match="cycle") as caught:
        evaluator(Document(document.registry, tree)).value("B", 1)
    assert "A" in str(caught.value) and "B" in str(caught.value)


def test_unexpected_errors_carry_the_node_and_their_cause():
    document = build(("Ramp", "Clip", {}, {}), ("Broken", "Bad", {}, {"image": "Clip"}))
    with pytest.raises(CodefError, match="Bad failed unexpectedly") as caught:
        evaluator(document).value("Bad", 1)
    assert (caught.value.code, caught.value.node) == (1, "Bad")
    assert isinstance(caught.value.__cause__, KeyError)


def test_unknown_node_fails_only_when_it_is_needed():
    tree = build(("Ramp", "Clip", {}, {}), ("Gain", "Grade", {}, {"image": "Clip"})).tree()
    tree["nodes"]["Odd"] = {"type": "FromTheFuture", "inputs": {"image": "Clip"}}
    tree["nodes"]["Grade"]["inputs"]["image"] = "Odd"
    registry = build().registry
    document = from_tree(tree, registry)
    graph = evaluator(document)
    assert mean(graph.value("Clip", 1)) == 1
    with pytest.raises(DocumentError, match="FromTheFuture"):
        graph.value("Grade", 1)
    SetDisabled("Odd").run(document)
    assert mean(graph.value("Grade", 4)) == 4


@pytest.mark.parametrize("ram", [64 << 20, 0])
def test_a_thousand_nodes_in_a_row_are_evaluated_once_each(ram):
    nodes = [("Ramp", "N0", {"level": 1.0}, {})]
    nodes += [("Strokes", f"N{i}", {"strokes": [{"value": 1}]}, {"image": f"N{i - 1}"})
              for i in range(1, 1000)]  # fmt: skip
    tree = build(("Ramp", "N0", {"level": 1.0}, {})).tree()
    for type_name, name, knobs, wires in nodes:
        tree["nodes"][name] = {"type": type_name, "knobs": knobs, "inputs": wires}
    document = from_tree(tree, build().registry)
    graph = evaluator(document, cache=Cache(RamCache(ram)))
    assert mean(graph.value("N999", 2)) == 1002
    assert set(graph.computes.values()) == {1}
    assert sum(graph.computes.values()) == 1000


def test_same_key_asked_by_many_threads_computes_once():
    STARTED.clear(), RELEASE.clear()
    document = build(("Slow", "Long", {}, {}))
    graph = evaluator(document)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(graph.value("Long", 1))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    assert STARTED.wait(10)
    RELEASE.set()
    for thread in threads:
        thread.join(10)
    assert len(results) == 6
    assert all(result is results[0] for result in results)
    assert graph.computes["Long"] == 1


def test_waiting_thread_computes_when_the_first_is_cancelled():
    STARTED.clear(), RELEASE.clear()
    document = build(("Slow", "Long", {}, {}))
    graph = evaluator(document)
    first, outcome = Task(), {}

    def ask(name, task):
        try:
            outcome[name] = graph.value("Long", 1, task)
        except Cancelled as stopped:
            outcome[name] = stopped

    a = threading.Thread(target=ask, args=("a", first))
    a.start()
    assert STARTED.wait(10)
    b = threading.Thread(target=ask, args=("b", Task()))
    b.start()
    first.cancelled.set()
    a.join(10)
    assert isinstance(outcome["a"], Cancelled)
    RELEASE.set()
    b.join(10)
    assert mean(outcome["b"]) == 1
    assert graph.computes["Long"] == 2


def test_cancel_answers_inside_a_long_node_and_keeps_nothing():
    STARTED.clear(), RELEASE.clear()
    document = build(("Slow", "Long", {}, {}), ("Gain", "After", {}, {"image": "Long"}))
    graph = evaluator(document)
    task, caught = Task(), []

    def work():
        try:
            graph.value("After", 1, task)
        except Cancelled as stopped:
            caught.append(stopped)

    thread = threading.Thread(target=work)
    thread.start()
    assert STARTED.wait(10)
    task.cancelled.set()
    thread.join(10)
    assert not thread.is_alive() and caught[0].code == 5
    assert graph.where("After", 1) is None
    RELEASE.set()
    assert mean(graph.value("After", 1)) == 1


def test_progress_never_goes_back_and_names_the_node():
    reports = []
    document = build(
        ("Ramp", "Clip", {}, {}), ("Gain", "Grade", {}, {"image": "Clip"}),
    )  # fmt: skip
    graph = evaluator(document)
    summary = graph.render("Grade", task=Task(reports.append))
    assert summary["frames"] == [1, 2, 3, 4, 5] and summary["node"] == "Grade"
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions) and fractions[-1] > 0.5
    assert {"Clip", "Grade"} <= {report.label for report in reports}


def test_render_takes_the_projects_range_and_refuses_an_empty_one():
    document = build(("Ramp", "Clip", {}, {}))
    SetSetting("first", 2).run(document)
    SetSetting("last", 3).run(document)
    graph = evaluator(document)
    assert graph.render("Clip")["frames"] == [2, 3]
    assert graph.render("Clip", [5])["frames"] == [5]
    SetSetting("first", 90).run(document)
    with pytest.raises(UsageError, match="none of them between"):
        graph.render("Clip")


def test_another_process_finds_flows_and_pictures_on_disk(tmp_path):
    document = build(("Ramp", "Clip", {}, {}), ("Motion", "Flow", {}, {"image": "Clip"}))
    first = evaluator(document, cache=disk_cache(tmp_path))
    made = first.value("Flow", 2)
    second = evaluator(document, cache=disk_cache(tmp_path))
    assert second.where("Flow", 2) == "disk"
    found = second.value("Flow", 2)
    assert not second.computes
    np.testing.assert_array_equal(found.forward, made.forward)
    assert second.where("Flow", 2) == "ram"


def test_nodes_do_not_run_while_a_document_is_opened(tmp_path):
    document = build(("Ramp", "Clip", {"file": "absent"}, {}), ("Broken", "Bad", {}, {}))
    Connect("Clip", "Bad", "image").run(document)
    started = time.monotonic()
    again = from_tree(document.tree(), document.registry)
    assert time.monotonic() >= started and again.tree() == document.tree()


def test_what_an_artist_keeps_is_found_on_disk_by_the_next_process(tmp_path):
    document = build(("Ramp", "Clip", {}, {}), ("Gain", "Grade", {"gain": 2.0}, {"image": "Clip"}))
    for _ in range(2):
        again = evaluator(document, cache=disk_cache(tmp_path))
        again.value("Grade", 2)
        assert again.computes["Grade"] == 1, "not kept unless it is asked for"
    SetFlag("Grade", KEEP, True).run(document)
    evaluator(document, cache=disk_cache(tmp_path)).value("Grade", 2)
    later = evaluator(document, cache=disk_cache(tmp_path))
    assert float(later.value("Grade", 2).pixels.mean()) == 4.0
    assert not later.computes["Grade"] and not later.computes["Clip"]
