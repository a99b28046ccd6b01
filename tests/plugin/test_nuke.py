"""Nuke's side against the faithful fake and a real worker: send, live link, bake, undo, errors."""

import ast
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import plugin
from codef_nodes.cli.install_plugin import LINE, program
from engine.io.read import read_picture
from tests.plugin import fakenuke, nukerender
from tests.plugin.clips import FIRST, LAST, two_groups

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def footage(tmp_path):
    """Plates and mattes in a folder with a space and an umlaut."""
    return two_groups(tmp_path / "füll CG")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A script's folder with footage of two groups, and its document, fitted."""
    folder = tmp_path_factory.mktemp("fitted")
    two_groups(folder / "CG")
    config = folder / "codef.json"
    config.write_text(json.dumps(program()))
    worker = plugin.Worker(config=str(config), cache=str(folder / "cache"))
    shot = plugin.Shot(worker, str(folder / "shot/codef/sh.codef"))
    shot.create(
        str(folder / "CG/plate/sh.%04d.exr"),
        frames=f"{FIRST}-{LAST}",
        masks=[str(folder / "CG/matte")],
        fit={"steps": 4},
    ).wait(90)
    shot.fit().wait(90)
    worker.close()
    return folder


@pytest.fixture
def ready(nuke, prepared, tmp_path):
    """Footage whose document is there already, beside the script: sending links to it."""
    folder = tmp_path / "kopie ü"
    shutil.copytree(prepared, folder, ignore=shutil.ignore_patterns("cache"))
    nuke._root["name"]._value = str(folder / "shot/comp.nk")
    return folder / "CG"


@pytest.fixture
def actions(nuke):
    import codef_nuke.actions

    return codef_nuke.actions


@pytest.fixture
def links(nuke):
    import codef_nuke.link

    return codef_nuke.link


def read(nuke, footage, **knobs):
    """A selected Read of the plates."""
    node = nuke.nodes.Read(file=str(footage / "plate/sh.####.exr"), first=FIRST, last=LAST)
    node["origfirst"].setValue(FIRST)
    node["origlast"].setValue(LAST)
    for name, value in knobs.items():
        node[name].setValue(value)
    node.setSelected(True)
    return node


def answers(seconds="1", then="fit", masks=""):
    fakenuke.Panel.answers = {"seconds": seconds, "then": then, "mask": masks}


def sent(nuke, until, links, seconds="1", masks=""):
    """Sends the selected node, and waits until the fit is delivered."""
    import codef_nuke.actions

    answers(seconds, masks=masks)
    codef_nuke.actions.send()
    assert nuke.messages == [], nuke.messages
    (link,) = links.LINKS.values()
    until(lambda: link.status in ("up to date", "failed"))
    assert link.status == "up to date", nuke.messages
    return link


# Being there.


def test_menus_are_there_and_the_shortcut_counts_in_the_node_graph_only(nuke):
    entries = nuke.menus["Nuke"].menus["Codef Nodes"].entries
    assert next(iter(entries)) == "Send to Codef Nodes" and "Bake to nodes" in entries
    command, shortcut, context = entries["Send to Codef Nodes"]
    assert callable(command) and shortcut and context == 2
    assert set(nuke.menus["Nodes"].menus["Codef Nodes"].entries) == set(entries)


def test_the_line_of_menu_py_is_what_registers(nuke, installed):
    tree = ast.parse(LINE)
    assert "codef_nuke.register()" in ast.unparse(tree)
    assert not (installed / "init.py").exists(), "render sessions must not pay"


def test_a_terminal_session_gets_no_menu_and_starts_nothing(nuke, links):
    nuke.GUI = False
    nuke.menus["Nuke"].menus.clear()
    nuke.codef.register()
    assert nuke.menus["Nuke"].menus == {} and links.LINKS == {}


def test_registering_starts_no_process_and_no_thread(nuke, links):
    before = set(threading.enumerate())
    nuke.codef.register()
    assert links.LINKS == {}
    assert set(threading.enumerate()) <= before


def test_the_nuke_side_has_the_types_that_foundry_s_stubs_know(installed, tmp_path):
    settings = tmp_path / "mypy.ini"
    settings.write_text(
        "[mypy]\nstrict = True\npython_version = 3.11\n"
        "[mypy-nukescripts.*]\nignore_missing_imports = True\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(settings),
            "--cache-dir",
            str(tmp_path / "cache"),
            "codef_nuke",
        ],
        cwd=installed,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


# Which files a Read is.


@pytest.fixture
def clip_of(nuke):
    import codef_nuke.reads

    return codef_nuke.reads.clip_of


def test_a_read_is_its_pattern_range_and_colour_space(nuke, footage, clip_of):
    clip = clip_of(read(nuke, footage, first=1002, last=1005))
    assert clip.source == str(footage / "plate/sh.%04d.exr")
    assert (clip.first, clip.last) == (1002, 1005) and clip.settings["frames"] == "1002-1005"
    assert clip.settings["colour_space"] == "Linear Rec.709 (sRGB)"
    assert clip.settings["missing"] == "error" and clip.settings["fit"] == {"missing": "error"}


@pytest.mark.parametrize(
    ("said", "meant", "learnt"),
    [("error", "error", "error"), ("black", "black", "skip"), ("nearest frame", "nearest", "skip")],
)
def test_missing_frames_are_as_the_read_says(nuke, footage, clip_of, said, meant, learnt):
    settings = clip_of(read(nuke, footage, on_error=said)).settings
    assert settings["missing"] == meant and settings["fit"]["missing"] == learnt


def test_raw_stays_raw_and_srgb_is_srgb(nuke, footage, clip_of):
    assert clip_of(read(nuke, footage, raw=True)).settings["raw"] is True
    space = clip_of(read(nuke, footage, colorspace="sRGB")).settings["colour_space"]
    assert space == "sRGB Encoded Rec.709 (sRGB)"


def test_the_proxy_is_sent_in_proxy_mode(nuke, footage, clip_of):
    node = read(nuke, footage, proxy="/proxies/sh.%04d.exr")
    assert clip_of(node).source.startswith(str(footage))
    nuke.root()["proxy"].setValue(True)
    assert clip_of(node).source == "/proxies/sh.%04d.exr"


@pytest.mark.parametrize(
    "knobs",
    [
        {"frame": "frame+10"},
        {"frame_mode": "start at", "frame": "1"},
        {"colorspace": "AlexaV3LogC"},
        {"on_error": "checkerboard"},
        {"file": "/shots/sh_%V.%04d.exr"},
        {"file": "/shots/sh.%04d.dpx"},
    ],
    ids=["retimed", "offset", "log", "checkerboard", "views", "dpx"],
)
def test_what_only_nuke_can_make_is_rendered_first(nuke, footage, clip_of, knobs):
    assert clip_of(read(nuke, footage, **knobs)) is None


def test_under_ocio_management_only_nuke_knows_the_numbers(nuke, footage, clip_of):
    node = read(nuke, footage)
    nuke.root()["colorManagement"].setValue("OCIO")
    assert clip_of(node) is None


# Send.


def test_send_fits_and_shows_the_canonical_image_and_the_st_maps(nuke, footage, until, links):
    node = read(nuke, footage)
    link = sent(nuke, until, links)
    assert Path(link.document).parent == Path(nuke.root()["name"].value()).parent / "codef"
    control = nuke.toNode("Codef_sh")
    assert control["codef_plate"].value() == node.name()
    reads = {n["codef_key"].value(): n for n in nuke.allNodes("Read") if n.knob("codef_key")}
    assert set(reads) == {"canonical:0", "stmap:0"}
    for each in reads.values():
        assert each["raw"].value() and each["on_error"].value() == "error"
    assert (reads["stmap:0"]["first"].value(), reads["stmap:0"]["last"].value()) == (FIRST, LAST)
    picture = nukerender.render(reads["canonical:0"], FIRST)
    assert picture.pixels()[..., 3].max() == 1
    (bar,) = fakenuke.ProgressTask.every[:1]
    percents = [percent for percent, _ in bar.seen]
    assert percents and percents == sorted(percents) and percents[-1] <= 100
    assert nuke.printed == []


def test_any_node_is_rendered_to_exr_first(nuke, footage, until, links):
    source = read(nuke, footage)
    source.setSelected(False)
    grade = nuke.nodes.Grade(inputs=[source], white=0.5)
    grade.setSelected(True)
    nuke.root()["first_frame"].setValue(1002)
    nuke.root()["last_frame"].setValue(2000)
    before = nuke.Undo.undoSize()
    link = sent(nuke, until, links)
    ((file, first, last),) = nuke.rendered
    assert (first, last) == (1002, LAST), "the range of both the node and the project"
    assert nuke.allNodes("Write") == [] and nuke.Undo.undoSize() <= before + 2
    plate = read_picture(file % 1004, colour_space="raw")
    half = read_picture(footage / "plate/sh.1004.exr", colour_space="raw").rgb * 0.5
    assert np.allclose(plate.rgb, half, atol=1e-6)
    assert link.manifest["frames"] == [1002, LAST]


def test_a_cancelled_render_is_no_error_and_leaves_no_write(nuke, footage, actions, links):
    source = read(nuke, footage)
    source.setSelected(False)
    nuke.nodes.Grade(inputs=[source]).setSelected(True)
    nuke.root()["last_frame"].setValue(2000)

    def cancelled(*_):
        raise RuntimeError("Cancelled")

    nuke._renderer = cancelled
    answers()
    actions.send()
    assert nuke.messages == [] and nuke.allNodes("Write") == [] and links.LINKS == {}


def test_groups_come_from_mask_sequences(nuke, footage, until, links):
    read(nuke, footage)
    link = sent(nuke, until, links, seconds="2", masks=str(footage / "matte"))
    assert [layer["name"] for layer in link.manifest["layers"]] == ["matte", "background"]


def test_with_nothing_selected_a_dialog_says_what_to_do(nuke, actions):
    actions.send()
    assert len(nuke.messages) == 1 and "select the one node" in nuke.messages[0]


def test_an_unsaved_script_asks_where_and_a_person_may_change_their_mind(nuke, footage, actions):
    read(nuke, footage)
    nuke.root()["name"].setValue("")
    actions.send()
    assert nuke.messages == [] and nuke.allNodes("NoOp") == []


def test_an_error_of_the_program_is_shown_once_and_kept(nuke, footage, until, links, actions):
    import codef_nuke.host

    (footage / "plate/sh.1004.exr").unlink()
    read(nuke, footage)
    answers()
    actions.send()
    (link,) = links.LINKS.values()
    until(lambda: link.status == "failed")
    assert len(nuke.messages) == 1 and "1004" in nuke.messages[0]
    assert any("1004" in line for line in codef_nuke.host.LOG)


def test_a_lost_program_is_told_with_the_way_out(nuke, footage, actions, installed, monkeypatch):
    monkeypatch.setenv("CODEF_PROGRAM", "/nowhere/codef")
    read(nuke, footage)
    answers()
    actions.send()
    assert len(nuke.messages) == 1 and "CODEF_PROGRAM" in nuke.messages[0]


# The live link.


def test_a_render_elsewhere_appears_and_is_read_again(nuke, ready, until, links, actions):
    read(nuke, ready)
    link = sent(nuke, until, links)

    def render(frames):
        command = [sys.executable, "-m", "codef_nodes", "render", link.document, "-q"]
        done = subprocess.run([*command, "--frames", frames], cwd=ROOT)
        assert done.returncode == 0

    def result():
        return links.find_node(link.document, "result:Result")

    render("1001-1003")
    until(lambda: result() is not None)
    assert (result()["first"].value(), result()["last"].value()) == (1001, 1003)
    before = result().reloads
    render("1001-1004")
    until(lambda: result().reloads > before and result()["last"].value() == 1004)
    assert len([n for n in nuke.allNodes("Read") if "result" in n["label"].value()]) == 1


def test_a_fit_in_the_program_s_own_window_brings_new_files(nuke, ready, until, links):
    from codef_nodes.graph.session import Session

    read(nuke, ready)
    link = sent(nuke, until, links)
    still = links.find_node(link.document, "canonical:0")
    reloads = still.reloads
    session = Session()
    session.open(link.document)
    session.set("Fit", "steps", 3)
    session.refit("Fit")
    session.save()
    until(lambda: still.reloads > reloads)
    assert not link.busy and nuke.messages == []


def test_a_killed_worker_is_told_and_the_next_action_works(nuke, ready, until, links, actions):
    read(nuke, ready)
    link = sent(nuke, until, links)
    nuke.toNode("Codef_sh").setSelected(True)
    actions.fit()
    os.kill(link.worker.pid, 9)
    until(lambda: link.status == "failed")
    assert "ended unexpectedly" in nuke.messages[-1]
    actions.update()
    until(lambda: link.status == "up to date")


def test_a_fit_is_cancelled_by_nuke_s_own_bar(nuke, footage, until, links, actions):
    read(nuke, footage)
    answers(seconds="500")
    actions.send()
    until(lambda: fakenuke.ProgressTask.every)
    fakenuke.ProgressTask.every[0].cancelled = True
    (link,) = links.LINKS.values()
    until(lambda: link.status == "cancelled")
    assert nuke.messages == [] and link._bar is None


def test_two_things_at_once_are_refused(nuke, footage, until, links, actions):
    read(nuke, footage)
    answers(seconds="500")
    actions.send()
    (link,) = links.LINKS.values()
    until(lambda: link.busy)
    actions.fit()
    assert "still at work" in nuke.messages[-1]
    actions.cancel()
    until(lambda: link.status == "cancelled")


def test_closing_the_script_leaves_no_process(nuke, ready, until, links):
    read(nuke, ready)
    pid = sent(nuke, until, links).worker.pid
    for close in nuke.closers:
        close()
    assert not Path(f"/proc/{pid}").exists() and links.LINKS == {}


def test_the_buttons_of_the_node_do_what_they_say(nuke, ready, until, links):
    read(nuke, ready)
    link = sent(nuke, until, links)
    control = nuke.toNode("Codef_sh")
    reloads = links.find_node(link.document, "canonical:0").reloads
    control["codef_update"].execute()
    until(lambda: links.find_node(link.document, "canonical:0").reloads > reloads)
    assert control["codef_status"].value() == "up to date"


@pytest.mark.parametrize("pattern", ["r.%04d.exr", "r.####.exr"])
def test_frames_on_disk_are_found_by_either_kind_of_pattern(links, tmp_path, pattern):
    for name in ("r.0998.exr", "r.1001.exr", "r.1001.exr.part", "other.1002.exr", "r.exr"):
        (tmp_path / name).touch()
    assert links.frames_on_disk(str(tmp_path / pattern)) == [998, 1001]
    assert links.frames_on_disk(str(tmp_path / "absent" / pattern)) == []


def test_a_save_while_files_are_written_is_not_forgotten(nuke, ready, until, links, actions):
    read(nuke, ready)
    link = sent(nuke, until, links)
    still = links.find_node(link.document, "canonical:0")
    actions.update()
    until(lambda: link.busy)
    reloads = still.reloads
    another = {"path": link.document, "fits": [{"node": "Fit", "field": "/another"}]}
    link._heard("saved", another)
    until(lambda: still.reloads == reloads + 2 and not link.busy)
    assert nuke.messages == []


# Bake.


def test_baking_is_one_step_of_undo_and_needs_nothing_of_ours_on_a_farm(
    nuke, ready, until, links, actions
):
    plate = read(nuke, ready)
    link = sent(nuke, until, links)
    before, steps = list(nuke.allNodes()), nuke.Undo.undoSize()
    plate.setSelected(False)
    nuke.toNode("Codef_sh").setSelected(True)
    actions.bake()
    until(lambda: nuke.toNode("Codef_over") is not None)
    made = [node for node in nuke.allNodes() if node not in before]
    assert {node.Class() for node in made} <= {
        "Read", "RotoPaint", "Copy", "Premult", "STMap", "Merge2", "MergeExpression", "Switch",
        "Expression", "BackdropNode",
    }  # fmt: skip
    assert all(node.knob("codef_document") is None for node in made)
    for node in made:
        if node.Class() == "Read":
            assert node["raw"].value(), node.name()
            last = node["last"].value()
            file = node["file"].value()
            assert Path(file % last if "%" in file else file).is_file()
    # Below the last merge hangs the plate itself, not a picture of ours.
    assert nuke.toNode("Codef_over").input(0) is plate
    assert nuke.Undo.undoSize() == steps + 1
    assert nuke.Undo.undoDescribe(0) == "Bake to nodes"
    nuke.Undo.undo()
    assert nuke.allNodes() == before
    assert nuke.messages == [] and link.status == "up to date"


def test_nodes_do_not_lie_on_each_other(nuke, ready, until, links, actions):
    read(nuke, ready)
    sent(nuke, until, links)
    nuke.toNode("Codef_sh").setSelected(True)
    before = list(nuke.allNodes())
    actions.bake()
    until(lambda: nuke.toNode("Codef_over") is not None)
    nodes = [n for n in nuke.allNodes() if n.Class() != "BackdropNode"]
    assert len(nodes) > len(before) + 20
    places = [(node.xpos(), node.ypos()) for node in nodes]
    assert len(set(places)) == len(places)
    for i, (x, y) in enumerate(places):
        for other in places[i + 1 :]:
            assert abs(x - other[0]) >= 80 or abs(y - other[1]) >= 40


def test_the_artist_s_own_roto_paint_is_kept_when_baked_again(nuke, ready, until, links, actions):
    read(nuke, ready)
    link = sent(nuke, until, links)
    still = links.find_node(link.document, "canonical:0")
    paint = nuke.nodes.RotoPaint(inputs=[still], output="rgb")
    for node in nuke.selectedNodes():
        node.setSelected(False)
    paint.setSelected(True)
    actions.bake()
    until(lambda: nuke.toNode("Codef_over") is not None)
    fresh = [node.name() for node in nuke.allNodes("RotoPaint") if node is not paint]
    assert fresh == ["Codef_paint_background"], "only the other group gets a new one"
    assert paint["outputMask"].value() == "mask.a" and paint.input(0) is still
    readers = [n.Class() for n in nuke.allNodes() if paint in (n.input(0), n.input(1))]
    assert sorted(readers) == ["Copy", "MergeExpression"]


def test_other_paint_goes_by_what_it_changed(nuke, footage, until, links, actions):
    plate = read(nuke, footage)
    link = sent(nuke, until, links)
    grade = nuke.nodes.Grade(inputs=[links.find_node(link.document, "canonical:0")], white=1.5)
    for node in nuke.selectedNodes():
        node.setSelected(False)
    grade.setSelected(True)
    actions.bake()
    until(lambda: nuke.toNode("Codef_over") is not None)
    assert nuke.allNodes("RotoPaint") == [] and nuke.allNodes("Switch") == []
    frame = link.manifest["reference"]
    baked = nukerender.render(nuke.toNode("Codef_over"), frame).pixels()[8:-8, 8:-8, :3]
    source = nukerender.render(plate, frame).pixels()[8:-8, 8:-8, :3]
    # The whole still is half as bright again, and so is the frame that it lies on.
    assert abs(np.median(baked / source) - 1.5) < 0.03


def test_a_fault_while_baking_leaves_nothing_behind(nuke, ready, until, links, actions):
    read(nuke, ready)
    link = sent(nuke, until, links)
    before = list(nuke.allNodes())
    import codef_nuke.bake

    del link.manifest["layers"][0]["files"]["stmap"]
    with pytest.raises(codef_nuke.host.CodefError, match="have no stmap"):
        codef_nuke.bake.bake(link.manifest, nuke.allNodes("Read")[0])
    assert nuke.allNodes() == before


# Threads and errors.


def test_the_fake_itself_notices_the_wrong_thread_and_loses_errors(nuke):
    caught = []

    def elsewhere():
        try:
            nuke.allNodes()
        except fakenuke.WrongThreadError as error:
            caught.append(error)
        caught.append(nuke.executeInMainThreadWithResult(lambda: 1 / 0))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    while thread.is_alive():
        nuke.pump()
    assert isinstance(caught[0], fakenuke.WrongThreadError) and caught[1] is None
    assert "ZeroDivisionError" in nuke.printed[0]
    with pytest.raises(AssertionError, match="for ever"):
        nuke.executeInMainThreadWithResult(lambda: 1)


def test_our_call_into_the_main_thread_loses_no_error_and_never_waits_for_itself(nuke):
    import codef_nuke.host as host

    assert host.now(lambda: 5) == 5  # in the main thread: no waiting for itself
    kept = []

    def elsewhere():
        kept.append(host.now(lambda: len(nuke.allNodes())))
        try:
            host.now(lambda: 1 / 0)
        except ZeroDivisionError as error:
            kept.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    while thread.is_alive():
        nuke.pump()
    assert kept[0] == 0 and isinstance(kept[1], ZeroDivisionError) and nuke.printed == []


def test_a_fault_of_ours_is_one_sentence_and_the_terminal_has_the_rest(nuke):
    import codef_nuke.host as host

    host.shown(lambda: {}["absent"])()
    assert len(nuke.messages) == 1 and "\n" not in nuke.messages[0]
    assert "Traceback" in nuke.printed[0]
