"""Documents survive: the unknown, the old, the broken and the killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codef_nodes.graph import safewrite
from codef_nodes.graph.commands import Move, SetLabel
from codef_nodes.graph.jsontext import read_json, write_json
from codef_nodes.graph.serialise import as_text, from_tree, load, save, upgraded
from engine.errors import DocumentError, InputError, UsageError, WriteError
from tests.codef_nodes.graph.small_nodes import REGISTRY, build, fit_graph

ROOT = Path(__file__).parents[3]


def write(folder, tree):
    path = folder / "shot.codef"
    path.write_text(tree if isinstance(tree, str) else json.dumps(tree))
    return path


def minimal(**nodes):
    return {"codef": {"schema": 1}, "nodes": nodes}


def test_round_trip_is_equal_and_stable(tmp_path):
    document = fit_graph()
    Move({"Clip": (10.5, -3.0)}).run(document)
    SetLabel("Clip", "Größe „a“").run(document)
    path = tmp_path / "Film ä 1.codef"
    save(document, path)
    again = load(path, REGISTRY)
    assert again.tree() == document.tree() and not again.notes
    first = path.read_bytes()
    save(again, path)
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_one_changed_knob_is_one_changed_line():
    a = as_text(build(("Ramp", "Clip", {"level": 1.0}, {}), ("Gain", "Grade", {"gain": 2.0}, {})))
    b = as_text(build(("Gain", "Grade", {"gain": 3.0}, {}), ("Ramp", "Clip", {"level": 1.0}, {})))
    changed = [(x, y) for x, y in zip(a.splitlines(), b.splitlines(), strict=True) if x != y]
    assert [(x.strip(), y.strip()) for x, y in changed] == [('"gain": 2.0', '"gain": 3.0')]


def test_unknown_nodes_knobs_wires_and_keys_survive(tmp_path):
    tree = minimal(
        Clip={"type": "Ramp", "version": 1, "knobs": {"level": 2.0, "warp": [1, {"a": None}]}},
        Odd={
            "type": "Future",
            "version": 7,
            "knobs": {"x": {"deep": [1.5, "ü"]}},
            "inputs": {"one": "Clip", "list": ["Clip"]},
            "tempo": {"a": 1},
        },
        Newer={"type": "Gain", "version": 99, "knobs": {"swirl": 1}, "inputs": {"image": "Odd"}},
        Grade={"type": "Gain", "version": 3, "inputs": {"image": "Clip", "depth": "Odd"}},
    )
    tree["backdrops"] = [{"title": "Plates", "box": [0, 0, 10, 10]}]
    tree["settings"] = {"mood": "dark", "fps": 25.0}
    path = write(tmp_path, tree)
    document = load(path, REGISTRY)
    save(document, path)
    kept = json.loads(path.read_text())
    for name, block in tree["nodes"].items():
        assert kept["nodes"][name] == {"knobs": {}, "inputs": {}} | block
    assert kept["backdrops"] == tree["backdrops"] and kept["settings"] == tree["settings"]
    assert document.extra == {"backdrops": tree["backdrops"]}
    assert document.state("Odd").extra == {"tempo": {"a": 1}}
    text = "\n".join(document.notes)
    for word in ("Odd", "'Future'", "Newer", "'warp'", "'depth'", "'mood'"):
        assert word in text
    with pytest.raises(UsageError, match="no knob 'warp'"):
        document.knob("Clip", "warp")


def test_old_nodes_are_upgraded_one_version_at_a_time():
    block = {"type": "Gain", "version": 1, "knobs": {"factor": 150.0}}
    document = from_tree(minimal(Grade=block), REGISTRY)
    assert document.state("Grade").version == 3
    assert document.knob_value("Grade", "gain") == 1.5
    second = {"type": "Gain", "version": 2, "knobs": {"gain": 50.0}}
    assert from_tree(minimal(Grade=second), REGISTRY).knob_value("Grade", "gain") == 0.5


def test_old_schemas_are_upgraded_one_step_at_a_time():
    def to_1(tree):
        return {"codef": tree["codef"], "nodes": {n.pop("name"): n for n in tree["nodes"]}}

    def to_2(tree):
        return {**tree, "settings": {"fps": tree["codef"].pop("fps")}}

    old = {"codef": {"schema": 0, "fps": 25.0}, "nodes": [{"name": "Clip", "type": "Ramp"}]}
    assert upgraded(old, {0: to_1, 1: to_2}, 2) == {
        "codef": {"schema": 2},
        "nodes": {"Clip": {"type": "Ramp"}},
        "settings": {"fps": 25.0},
    }
    with pytest.raises(DocumentError, match="cannot bring from schema 0 up to date"):
        upgraded({"codef": {"schema": 0}, "nodes": 3}, {0: to_1}, 1)
    with pytest.raises(DocumentError, match="nothing leads from schema 0"):
        upgraded({"codef": {"schema": 0}}, {1: to_2}, 2)


def test_newer_schema_is_refused_and_the_file_untouched(tmp_path):
    path = write(tmp_path, {"codef": {"schema": 2}, "nodes": {}})
    before = path.read_bytes(), path.stat().st_mtime_ns
    with pytest.raises(DocumentError, match="schema 2") as caught:
        load(path, REGISTRY)
    assert caught.value.code == 2 and caught.value.file == str(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "[]",
        "null",
        "{}",
        "[" * 100000,
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain"}, "A": {"type": "Ramp"}}}',
        '{"codef": {"schema": true}}',
        '{"codef": {"schema": 1}, "nodes": []}',
        '{"codef": {"schema": 1}, "settings": 3}',
        '{"codef": {"schema": 1}, "settings": {"fps": 0}}',
        '{"codef": {"schema": 1}, "nodes": {"A": 1}}',
        '{"codef": {"schema": 1}, "nodes": {"A b": {"type": "Gain"}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain"}, "a": {"type": "Gain"}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": 3}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain", "knobs": []}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain", "inputs": {"image": 2}}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain", "inputs": {"image": "B"}}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain", "inputs": {"image": "A"}}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain", "version": "1"}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain", "position": [1]}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain", "disabled": 1}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain", "field": "x"}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain", "knobs": {"gain": NaN}}}}',
        '{"codef": {"schema": 1}, "nodes": {"A": {"type": "Gain", "knobs": {"gain": 1e999}}}}',
    ],
)
def test_broken_documents_are_refused_in_one_sentence_with_the_file(tmp_path, text):
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load(path, REGISTRY)
    assert caught.value.code == 2 and "shot.codef" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_binary_absent_and_folder_are_told_apart(tmp_path):
    binary = tmp_path / "b.codef"
    binary.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(DocumentError):
        load(binary, REGISTRY)
    for path in (tmp_path / "absent.codef", tmp_path):
        with pytest.raises(InputError) as caught:
            load(path, REGISTRY)
        assert caught.value.code == 3


def test_cycle_is_refused_on_load_naming_its_nodes(tmp_path):
    path = write(
        tmp_path,
        minimal(
            A={"type": "Gain", "inputs": {"image": "C"}},
            B={"type": "Gain", "inputs": {"image": "A"}},
            C={"type": "Gain", "inputs": {"image": "B"}},
        ),
    )
    with pytest.raises(UsageError, match=r"A -> B -> C -> A|B -> C -> A -> B|C -> A -> B -> C"):
        load(path, REGISTRY)


def test_knob_out_of_range_opens_with_a_note_and_fails_when_used():
    document = from_tree(minimal(Grade={"type": "Gain", "knobs": {"gain": 9e9}}), REGISTRY)
    # Version 1 has no such upgrade of values: 9e9 percent.
    assert any("Grade.gain must be a number from 0 to 10" in note for note in document.notes)
    with pytest.raises(UsageError, match="from 0 to 10"):
        document.knob_value("Grade", "gain")


def test_save_reports_a_full_disk_and_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "shot.codef"
    save(fit_graph(), path)
    before = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(safewrite.os, "fsync", full)
    with pytest.raises(WriteError, match="No space left") as caught:
        save(build(), path)
    assert caught.value.code == 3
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_save_respects_read_only_files_and_absent_folders(tmp_path):
    path = tmp_path / "shot.codef"
    save(build(), path)
    path.chmod(0o444)
    with pytest.raises(WriteError, match="read-only"):
        save(fit_graph(), path)
    path.chmod(0o644)
    with pytest.raises(WriteError):
        save(build(), tmp_path / "no" / "shot.codef")


def test_save_through_a_link_keeps_the_link(tmp_path):
    target = tmp_path / "real.codef"
    save(build(), target)
    link = tmp_path / "link.codef"
    try:
        link.symlink_to(target)
    except OSError:
        pytest.skip("links are not allowed here")
    save(fit_graph(), link)
    assert link.is_symlink() and "Clip" in load(target, REGISTRY)


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_killed_in_the_middle_of_a_save_leaves_the_old_document(tmp_path, moment):
    path = tmp_path / "shot.codef"
    save(fit_graph(), path)
    before = path.read_bytes()
    script = (
        "import os, sys\n"
        f"os.{moment} = lambda *args: os._exit(9)\n"
        "from codef_nodes.graph.document import Document\n"
        "from codef_nodes.graph.serialise import save\n"
        "save(Document(), sys.argv[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )
    assert done.returncode == 9
    assert path.read_bytes() == before
    assert load(path, REGISTRY).tree() == fit_graph().tree()


def test_importing_the_graph_is_light():
    script = (
        "import sys, codef_nodes.graph.session\n"
        "heavy = {'torch', 'numba', 'cv2', 'av', 'OpenImageIO', 'PyOpenColorIO', 'PySide6'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=40,
)


@given(values)
def test_text_of_any_json_reads_back_equal(value):
    assert repr(_sorted(read_json(write_json(value, ("b",))))) == repr(_sorted(value))


def _sorted(value):
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
