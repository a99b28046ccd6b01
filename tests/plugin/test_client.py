"""plugin.py against a real worker: what it costs, what it survives, what it hands over."""

import ast
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import plugin
from codef_nodes.cli.install_plugin import program
from engine.io.read import read_picture
from tests.codef_nodes.worker.jobkit import make_clip

ROOT = Path(__file__).resolve().parents[2]
SOON = 120.0


@pytest.fixture
def config(tmp_path):
    """The file that ``codef install-plugin`` writes beside the client."""
    file = tmp_path / "codef.json"
    file.write_text(json.dumps(program()), encoding="utf-8")
    return str(file)


@pytest.fixture
def worker(config, tmp_path, monkeypatch):
    """A client that has not started anything yet."""
    monkeypatch.delenv("CODEF_PROGRAM", raising=False)
    made = plugin.Worker(config=config, cache=str(tmp_path / "cache"))
    yield made
    made.close()


@pytest.fixture
def shot(worker, tmp_path):
    """A document for a small clip, in folders that a person may well have."""
    folder = tmp_path / "mein Ordner ü 影"
    clip = make_clip(folder / "plate")
    made = plugin.Shot(worker, str(folder / "codef" / "shöt 1.codef"))
    made.create(str(clip / "shot.%04d.png"), fit={"steps": 2}).wait(SOON)
    return made


def is_running(pid):
    """Whether a process works or waits; one that only waits to be reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_for(condition, seconds=SOON):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def nuke_files():
    return sorted((ROOT / "presets/hosts/nuke").glob("*.py"))


@pytest.mark.parametrize("file", [ROOT / "plugin.py", *nuke_files()], ids=lambda file: file.name)
def test_the_files_are_of_python_3_7(file):
    ast.parse(file.read_text(encoding="utf-8"), str(file), feature_version=(3, 7))


def test_a_newer_word_would_be_noticed():
    with pytest.raises(SyntaxError):
        ast.parse("if (n := 1): pass", feature_version=(3, 7))


IMPORT = """
import sys, time
sys.path.insert(0, {root!r})
before, began, busy = set(sys.modules), time.perf_counter(), time.process_time()
import plugin
took, worked = time.perf_counter() - began, time.process_time() - busy
import json, threading
new = sorted(name.split(".")[0] for name in set(sys.modules) - before)
print(json.dumps([took, worked, new, threading.active_count()]))
"""


def test_importing_it_needs_no_package_takes_under_50_ms_and_starts_nothing():
    takes = []
    for _ in range(5):
        # -I -S: no site-packages at all, as in a host that has none of ours.
        words = IMPORT.format(root=str(ROOT))
        said = subprocess.check_output([sys.executable, "-I", "-S", "-c", words], text=True)
        took, worked, new, threads = json.loads(said)
        takes.append(min(took, worked))
        assert threads == 1
        assert set(new) <= set(sys.stdlib_module_names) | {"plugin"}, new
    assert min(takes) < 0.05, takes


def test_a_request_to_a_dead_worker_does_not_lose_the_ones_before(worker):
    worker.request("ping").wait(SOON)
    os.kill(worker.pid, signal.SIGSTOP)  # so that it cannot answer any more
    lost = worker.request("status")
    os.kill(worker.pid, signal.SIGKILL)
    worker._process.wait()
    assert worker.request("ping").wait(SOON) == {}
    with pytest.raises(plugin.CodefError, match="ended unexpectedly"):
        lost.wait(SOON)


def test_nothing_starts_before_the_first_request(worker):
    assert not worker.alive and worker.starts == 0
    worker.poll()
    assert worker.starts == 0


def test_a_round_trip_by_files(shot, worker, tmp_path):
    heard = []
    answer = shot.fit(on_event=lambda name, data: heard.append((name, data))).wait(SOON)
    assert Path(answer["folder"]).is_dir() and answer["report"]["psnr_edit_path"] > 20
    fractions = [data["fraction"] for name, data in heard if name == "progress"]
    assert fractions and fractions == sorted(fractions)
    document = json.loads(Path(shot.path).read_text(encoding="utf-8"))
    assert document["nodes"]["Fit"]["field"]["path"] == Path(answer["folder"]).name
    manifest = shot.deliver(["canonical", "stmap", "stmap-to-frame", "light"]).wait(SOON)
    assert json.loads((Path(manifest["folder"]) / "manifest.json").read_text()) == manifest
    (layer,) = manifest["layers"]
    still = read_picture(layer["files"]["canonical"]["file"])
    assert still.display == still.data and (still.display.x0, still.display.y0) == (0, 0)
    x0, y0, x1, y1 = layer["canvas"]
    assert (still.display.width, still.display.height) == (x1 - x0, y1 - y0)
    for frame in manifest["numbers"]:
        st = read_picture(layer["files"]["stmap"]["file"] % frame, colour_space="raw")
        assert (st.display.width, st.display.height) == tuple(manifest["format"])
        valid = st.pixels[..., 3] > 0
        assert valid.mean() > 0.9
        assert st.pixels[valid][:, :2].min() >= 0 and st.pixels[valid][:, :2].max() <= 1
    rendered = shot.render("1002-1004").wait(SOON)
    (output,) = rendered["outputs"]
    assert output["frames"] == [1002, 1003, 1004]
    assert all(Path(output["file"] % frame).is_file() for frame in output["frames"])


def test_an_edited_canonical_image_goes_into_the_frames(shot, tmp_path):
    from engine.io.write import write_arrays

    shot.fit().wait(SOON)
    still = Path(shot.deliver(["canonical"]).wait(SOON)["layers"][0]["files"]["canonical"]["file"])
    picture = read_picture(still)
    pixels = picture.pixels.copy()
    pixels[20:50, 30:70, :3] = (2.0, 0.0, 0.0)
    edited = tmp_path / "edited by hand.exr"
    write_arrays(edited, pixels, "RGBA")  # as a host writes it: without any note of ours
    shot.edit(0, str(edited)).wait(SOON)
    first = shot.render("1005").wait(SOON)["outputs"][0]
    assert read_picture(first["file"] % 1005).rgb[..., 0].max() > 1.5
    shot.edit(0, None).wait(SOON)
    again = shot.render("1005").wait(SOON)["outputs"][0]
    assert read_picture(again["file"] % 1005).rgb[..., 0].max() < 1.1


def test_a_fit_is_cancelled_and_the_next_request_is_answered(shot):
    shot.create(
        str(Path(shot.path).parent.parent / "plate" / "shot.%04d.png"),
        fit={"seconds": 600.0, "steps": 5000},
        replace=True,
    ).wait(SOON)
    begun = []
    request = shot.fit(on_event=lambda name, data: begun.append(name))
    wait_for(lambda: shot.worker.poll(0.05) and "progress" in begun)
    request.cancel()
    with pytest.raises(plugin.CodefError) as caught:
        request.wait(SOON)
    assert caught.value.cancelled
    assert shot.open().wait(SOON)["fits"][0]["field"] is None


def test_a_worker_killed_in_the_middle_of_a_fit_is_told_and_replaced(shot):
    worker = shot.worker
    shot.create(
        str(Path(shot.path).parent.parent / "plate" / "shot.%04d.png"),
        fit={"steps": 5000},
        replace=True,
    ).wait(SOON)
    begun = []
    request = shot.fit(on_event=lambda name, data: begun.append(name))
    wait_for(lambda: worker.poll(0.05) and "progress" in begun)
    pid, starts = worker.pid, worker.starts
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(plugin.CodefError, match="ended unexpectedly"):
        request.wait(SOON)
    assert not Path(f"/proc/{pid}").exists(), "the killed worker was not reaped"
    # The next request starts another one, which has the document open by itself.
    assert shot.edit(0, None).wait(SOON)["path"] == shot.path
    assert worker.starts == starts + 1 and worker.pid != pid


def test_a_host_killed_in_the_middle_of_a_request_leaves_no_process(shot, config, tmp_path):
    shot.worker.close()
    words = (
        "import sys, time\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "import plugin\n"
        f"worker = plugin.Worker(config={config!r}, cache={str(tmp_path / 'cache')!r})\n"
        f"shot = plugin.Shot(worker, {shot.path!r})\n"
        f"source = {str(Path(shot.path).parent.parent / 'plate' / 'shot.%04d.png')!r}\n"
        "shot.create(source, fit={'steps': 5000}, replace=True).wait(60)\n"
        "shot.fit(on_event=lambda *_: print(worker.pid, flush=True)).wait()\n"
    )
    host = subprocess.Popen([sys.executable, "-I", "-c", words], stdout=subprocess.PIPE, text=True)
    pid = int(host.stdout.readline())
    children = {
        int(each.name)
        for each in Path("/proc").iterdir()
        if each.name.isdigit() and _parent(each) == pid
    }
    assert is_running(pid)
    host.kill()
    host.wait()
    host.stdout.close()
    wait_for(lambda: not is_running(pid) and not any(is_running(each) for each in children))


def _parent(folder):
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return None


def test_closing_leaves_no_process_and_no_folder(worker):
    worker.start()
    pid = worker.pid
    worker.close()
    assert not worker.alive and not Path(f"/proc/{pid}").exists()
    worker.close()


def test_what_is_saved_and_rendered_elsewhere_is_heard(shot, tmp_path):
    heard = []
    shot.worker.on_event = lambda name, data: heard.append((name, data))
    shot.watch().wait(SOON)
    named = {"CODEF_CACHE": str(tmp_path / "cache")}
    code = subprocess.run(
        [sys.executable, "-m", "codef_nodes", "render", shot.path, "--frames", "1003", "-q"],
        cwd=ROOT,
        env={**os.environ, **named},
    ).returncode
    assert code == 0

    def told(name):
        shot.worker.poll(0.05)
        return [data for each, data in heard if each == name]

    wait_for(lambda: told("rendered"))
    (rendered,) = told("rendered")
    assert rendered["changed"] == [1003] and Path(rendered["file"] % 1003).is_file()
    # The render made the fit and noted it in the document, which is what saving is.
    wait_for(lambda: told("saved"))
    assert Path(told("saved")[-1]["fits"][0]["field"]).is_dir()


def test_callbacks_run_only_where_polled_and_wake_says_when(config, tmp_path):
    woken, threads = threading.Event(), []
    worker = plugin.Worker(config=config, cache=str(tmp_path / "cache"), wake=woken.set)
    try:
        worker.request("ping", on_done=lambda _: threads.append(threading.current_thread()))
        assert woken.wait(SOON) and threads == []
        worker.poll()
        assert threads == [threading.current_thread()]
    finally:
        worker.close()


def test_an_error_of_the_program_has_its_sentence_and_code(worker, tmp_path):
    lost = plugin.Shot(worker, str(tmp_path / "absent.codef"))
    with pytest.raises(plugin.CodefError, match=r"absent\.codef") as caught:
        lost.open().wait(SOON)
    assert caught.value.code == 3 and caught.value.file.endswith("absent.codef")


def test_a_document_that_is_there_is_not_overwritten(shot):
    before = Path(shot.path).read_bytes()
    with pytest.raises(plugin.CodefError, match="is there already"):
        shot.create("/nowhere/shot.%04d.exr").wait(SOON)
    assert Path(shot.path).read_bytes() == before


@pytest.mark.parametrize("path", [r"C:\shots\a.%04d.exr", r"\\server\shots\a.exr", "a.exr", " "])
def test_paths_of_another_system_are_refused_with_the_way_out(worker, tmp_path, path):
    shot = plugin.Shot(worker, str(tmp_path / "a.codef"))
    with pytest.raises(plugin.CodefError) as caught:
        shot.create(path).wait(SOON)
    wanted = "CODEF_PATH_MAP" if "\\" in path else "the host"
    assert wanted in caught.value.message and caught.value.code == 2
    assert not Path(shot.path).exists()


def test_paths_of_windows_are_mapped_where_a_pair_says_how(shot, config, tmp_path, monkeypatch):
    plate = Path(shot.path).parent.parent / "plate"
    shot.worker.close()
    monkeypatch.setenv("CODEF_PATH_MAP", rf"Q:\other=/nowhere; p:\SHOTS ü={plate.parent}")
    mapped = plugin.Shot(shot.worker, str(tmp_path / "mapped.codef"))
    answer = mapped.create(r"P:\shots ü\plate\shot.%04d.png").wait(SOON)
    assert answer["clips"][0]["file"] == str(plate / "shot.%04d.png")


def test_the_program_is_found_by_variable_file_and_path(tmp_path, monkeypatch):
    monkeypatch.delenv("CODEF_PROGRAM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(plugin.CodefError, match="was not found"):
        plugin.find_program(str(tmp_path / "none.json"))
    there = tmp_path / "codef"
    there.write_text("#!/bin/sh\n")
    there.chmod(0o755)
    assert plugin.find_program(str(tmp_path / "none.json"))["command"] == [str(there)]
    file = tmp_path / "codef.json"
    file.write_text(json.dumps({"command": [str(tmp_path / "gone")]}))
    with pytest.raises(plugin.CodefError, match="is no longer at"):
        plugin.find_program(str(file))
    for broken in ("[]", "{}", '{"command": []}', '{"command": [1]}', "nonsense"):
        file.write_text(broken)
        with pytest.raises(plugin.CodefError, match="install-plugin"):
            plugin.find_program(str(file))
    file.write_text(json.dumps({"command": [sys.executable, "-m", "x"], "environment": {"A": "b"}}))
    assert plugin.find_program(str(file))["environment"] == {"A": "b"}
    monkeypatch.setenv("CODEF_PROGRAM", str(tmp_path / "gone"))
    with pytest.raises(plugin.CodefError, match="CODEF_PROGRAM"):
        plugin.find_program(str(file))


def test_the_hosts_python_does_not_get_into_the_program(worker, monkeypatch):
    # What Nuke sets for its own Python would keep ours from starting at all.
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("QT_PLUGIN_PATH", "/nowhere")
    assert worker.request("ping").wait(SOON) == {}


def test_a_program_that_does_not_start_is_told_with_its_last_words(tmp_path):
    file = tmp_path / "codef.json"
    words = "import sys; sys.stderr.write('no such module: torch\\n'); sys.exit(3)"
    file.write_text(json.dumps({"command": [sys.executable, "-c", words]}))
    worker = plugin.Worker(config=str(file))
    with pytest.raises(plugin.CodefError, match=r"did not start: .*no such module: torch"):
        worker.request("ping")
    assert not worker.alive
