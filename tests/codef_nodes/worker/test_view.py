"""Pictures for viewers: the evaluator's own pixels, only as much as is asked for."""

import mmap
import random
import threading
import time

import numpy as np
import pytest

from codef_nodes.graph import commands as c
from codef_nodes.graph.cache import Cache, RamCache
from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.worker.client import Client
from codef_nodes.worker.edits import edits_to_json
from codef_nodes.worker.protocol import WorkerError
from tests.codef_nodes.cli.tinyclip import make_masks
from tests.codef_nodes.graph import small_nodes
from tests.codef_nodes.graph.small_nodes import RELEASE, STARTED, build, fit_graph
from tests.codef_nodes.worker.harness import clip_document, opened, worker_inside

SOON = 120.0


def pixels_of(picture):
    """The shared pixels, copied."""
    with open(picture["file"], "rb") as stream:
        content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        found = np.frombuffer(content, np.float32).reshape(picture["shape"]).copy()
    return found


def view(client, node, frame=None, slot="frame", **more):
    """Asks for a picture."""
    return client.request("view", {"node": node, "frame": frame, "slot": slot, **more})


@pytest.fixture(scope="module")
def shot(tmp_path_factory):
    """A tiny clip with its document, and a real worker that has it open."""
    folder = tmp_path_factory.mktemp("shot")
    document = clip_document(folder)
    c.AddNode("OpticalFlow", "Flow").run(document)
    c.Connect("Clip", "Flow", "image").run(document)
    make_masks(folder / "front")
    c.AddNode("MaskGroup", "Groups", knobs={"files": ["front"]}).run(document)
    c.AddNode("FitCoDeF", "Fit").run(document)
    c.Connect("Clip", "Fit", "clip").run(document)
    c.AddNode("Propagate", "Result").run(document)
    c.Connect("Fit", "Result", "field").run(document)
    events = []
    client = Client(
        "view",
        cache_dir=folder / "cache",
        on_event=lambda name, data, number: events.append((name, data)),
    )
    opened(client, document, folder / "shot.codef")
    reference = Evaluator(
        document, Cache(RamCache(64 << 20)), folder=folder, stem="shot", allow_fit=False
    )
    yield client, document, reference, events
    client.close()


def test_a_view_is_the_evaluators_own_pixels(shot):
    client, _, reference, _ = shot
    answer = view(client, "Grade", 1003).result(SOON)
    picture = answer["picture"]
    truth = reference.value("Grade", 1003)
    assert np.array_equal(pixels_of(picture), truth.pixels)
    assert picture["data"] == picture["display"] == [0, 0, 64, 48]
    assert (picture["scale"], picture["aspect"], picture["channels"]) == (1, 1.0, ["R", "G", "B"])
    assert answer["key"] == reference.key("Grade", 1003) and answer["frame"] == 1003


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize(
    "region", [None, [0, 0, 64, 48], [5, 3, 41, 30], [-20, 10, 20, 90], [16, 16, 32, 32]]
)
def test_a_region_at_a_scale_is_the_mean_of_its_blocks(shot, region, scale):
    client, _, reference, _ = shot
    picture = view(client, "Clip", 1002, region=region, scale=scale).result(SOON)["picture"]
    truth = reference.value("Clip", 1002).pixels
    x0, y0, x1, y1 = picture["data"]
    wanted = region or [0, 0, 64, 48]
    assert x0 <= max(wanted[0], 0) and x1 >= min(wanted[2], 64)
    assert all(edge % scale == 0 for edge in picture["data"])
    expected = [
        [truth[y : y + scale, x : x + scale].mean((0, 1)) for x in range(x0, x1, scale)]
        for y in range(y0, y1, scale)
    ]
    np.testing.assert_allclose(pixels_of(picture), expected, rtol=2e-6)


def test_a_region_beside_the_picture_is_empty(shot):
    picture = view(shot[0], "Clip", 1002, region=[500, 500, 600, 600]).result(SOON)["picture"]
    assert picture["shape"] == [0, 0, 3]


def test_looking_at_a_small_scale_leaves_the_kept_results_whole(shot):
    client, _, reference, _ = shot
    small = view(client, "Grade", 1006, scale=8).result(SOON)
    whole = view(client, "Grade", 1006).result(SOON)
    assert small["key"] == whole["key"]
    truth = reference.value("Grade", 1006).pixels
    assert np.array_equal(pixels_of(whole["picture"]), truth)


def test_a_scale_that_there_is_not_is_refused(shot):
    with pytest.raises(WorkerError, match="1/8"):
        view(shot[0], "Clip", 1002, scale=3).result(SOON)


def test_motion_and_groups_can_be_looked_at(shot):
    client, _, _, _ = shot
    flow = pixels_of(view(client, "Flow", 1003).result(SOON)["picture"])
    assert flow.shape == (48, 64, 3) and np.isfinite(flow).all() and flow.max() > 0.2
    groups = pixels_of(view(client, "Groups", 1003).result(SOON)["picture"])
    inside, outside = groups[20, 30], groups[2, 2]
    assert inside[3] == 1 and outside[3] == 0 and inside[:3].max() > 0.5


@pytest.mark.parametrize("node", ["Fit", "Result"])
def test_looking_never_fits_and_says_to_press_fit(shot, node):
    client, _, _, _ = shot
    with pytest.raises(WorkerError, match="Fit is not fitted yet; select it and press Fit") as told:
        view(client, node, 1003).result(SOON)
    assert told.value.node == "Fit" and told.value.code == 2
    assert "Fit" not in client.request("status").result(SOON)["computes"]


def test_a_nodes_error_comes_with_node_and_frame(shot):
    client, _, _, _ = shot
    with pytest.raises(WorkerError) as told:
        view(client, "Grade", 4711).result(SOON)
    assert (told.value.node, told.value.frame, told.value.code) == ("Clip", 4711, 3)
    faces = client.request("faces").result(SOON)["nodes"]
    assert "frame 4711 is missing" in faces["Clip"]["error"] and faces["Grade"]["error"] is None
    view(client, "Grade", 1001).result(SOON)
    assert client.request("faces").result(SOON)["nodes"]["Clip"]["error"] is None


def test_info_tells_the_facts(shot):
    client, _, _, _ = shot
    facts = client.request("info", {"node": "Viewer1", "frame": 1001}).result(SOON)
    assert facts["frames"] == "1001-1008" and (facts["first"], facts["last"]) == (1001, 1008)
    assert facts["format"] == [64, 48] and facts["data"] == [0, 0, 64, 48]
    assert facts["channels"] == ["R", "G", "B"] and facts["space"] == "frame"
    assert facts["fps"] == 24.0 and facts["seconds"] == pytest.approx(8 / 24)
    assert facts["bytes"] > 64 * 48 * 12 and facts["fit"] is None
    clip = client.request("info", {"node": "Clip", "frame": 1001}).result(SOON)
    assert clip["colour"] == "sRGB Encoded Rec.709 (sRGB)" and clip["fit"] == "Fit"
    unfitted = client.request("info", {"node": "Fit", "frame": None}).result(SOON)
    assert unfitted["space"] == "canonical" and unfitted["format"] is None


def test_info_lists_gaps(tmp_path):
    folder = tmp_path / "gappy"
    document = clip_document(folder)
    (folder / "clip" / "shot.1004.png").unlink()
    with worker_inside(registry=None) as (client, _):
        opened(client, document, folder / "x.codef")
        facts = client.request("info", {"node": "Grade", "frame": 1001}).result(SOON)
    assert facts["frames"] == "1001-1008, missing 1004"


def test_faces_tell_errors_where_they_are_and_states_of_fits(shot):
    client, _, _, events = shot
    faces = client.request("faces").result(SOON)["nodes"]
    assert faces["Fit"] == {"error": None, "fit": "none", "note": None}
    assert faces["Clip"] == {"error": None, "fit": None, "note": None}
    until = time.monotonic() + SOON
    while not any(name == "faces" and "Fit" in data["nodes"] for name, data in events):
        assert time.monotonic() < until, "the faces were not pushed"
        time.sleep(0.01)


def test_faces_are_pushed_when_an_edit_breaks_a_node():
    document = build(("Ramp", "Clip", {}, {}), ("Gain", "Grade", {}, {"image": "Clip"}))
    heard, told = [], threading.Event()

    def hear(name, data, number):
        if name == "faces":
            heard.append(data["nodes"])
            told.set()

    with worker_inside(on_event=hear) as (client, worker):
        from codef_nodes.worker.facing import FacePusher

        FacePusher(worker)
        opened(client, document)
        assert told.wait(SOON) and heard[-1]["Grade"]["error"] is None
        told.clear()
        edits = []
        document.mirror(edits.extend)
        c.Disconnect("Grade", "image").run(document)
        client.request("edit", {"edits": edits_to_json(edits)}).result(SOON)
        assert told.wait(SOON)
        assert "needs something wired" in heard[-1]["Grade"]["error"]
        assert "Clip" not in heard[-1], "what is as before was told again"


def test_the_bar_of_cached_frames_tells_the_truth():
    document = build(("Ramp", "Clip", {}, {}), ("Gain", "Grade", {}, {"image": "Clip"}))
    with worker_inside() as (client, _):
        opened(client, document)

        def bar(node):
            return client.request("cached", {"node": node, "frames": [1, 2, 3]}).result(SOON)

        assert bar("Grade") == {"ram": [], "disk": [], "stale": []}
        for frame in (1, 3):
            view(client, "Grade", frame).result(SOON)
        assert bar("Grade") == {"ram": [1, 3], "disk": [], "stale": []}
        edits = []
        document.mirror(edits.extend)
        small_nodes.set_knob(document, "Grade", "gain", 2.0)
        client.request("edit", {"edits": edits_to_json(edits)})
        assert bar("Grade") == {"ram": [], "disk": [], "stale": [1, 3]}
        edits.clear()
        small_nodes.set_knob(document, "Grade", "gain", 1.0)
        client.request("edit", {"edits": edits_to_json(edits)})
        assert bar("Grade") == {"ram": [1, 3], "disk": [], "stale": []}


def test_a_fit_that_is_there_is_shown_and_noted(tmp_path):
    document = fit_graph()
    path = tmp_path / "shot.codef"
    with worker_inside("all") as (client, worker):
        opened(client, document, path)
        worker.evaluator.value("Result", 2)
    records = []
    with worker_inside(on_event=lambda name, data, _: records.append((name, data))) as (client, _):
        opened(client, document, path)
        answer = view(client, "Result", 2).result(SOON)
        assert pixels_of(answer["picture"]).mean() == pytest.approx(3 + 6 + 2)
        told = [data for name, data in records if name == "records"]
        assert [each["node"] for each in told] == ["Fit"]
        assert told[0]["record"]["path"] == "shot_Fit_fit_v001"


class TestSlow:
    """Requests that work until they are released, in a worker in this process."""

    @pytest.fixture
    def client(self):
        STARTED.clear(), RELEASE.clear()
        document = build(
            ("Ramp", "Clip", {}, {}),
            ("Gain", "Grade", {}, {"image": "Clip"}),
            ("Slow", "Slow", {}, {"image": "Grade"}),
            ("Slow", "Other", {}, {}),
        )
        self.document, self.edits = document, []
        document.mirror(self.edits.extend)
        with worker_inside() as (client, worker):
            self.worker = worker
            opened(client, document)
            yield client
            RELEASE.set()

    def begin(self, client, node="Slow", slot="frame", **more):
        call = view(client, node, 1, slot, **more)
        assert STARTED.wait(SOON)
        return call

    def test_cancel_is_answered_before_the_work_would_end(self, client):
        call = self.begin(client)
        asked = time.monotonic()
        call.cancel()
        with pytest.raises(WorkerError) as told:
            call.result(SOON)
        assert told.value.code == 5 and told.value.cancelled
        assert time.monotonic() - asked < 0.2, "Esc answers within 200 ms"
        assert not RELEASE.is_set()

    def test_a_newer_view_of_the_slot_overtakes_the_older(self, client):
        first = self.begin(client)
        kept = view(client, "Other", 1, "frame", keep=True)
        waiting = view(client, "Slow", 1)
        last = view(client, "Clip", 2)
        assert pixels_of(last.result(SOON)["picture"]).mean() == 2
        for call in (first, waiting):
            with pytest.raises(WorkerError, match="something newer"):
                call.result(SOON)
        assert not kept.over
        RELEASE.set()
        assert kept.result(SOON)["frame"] == 1

    def test_slots_do_not_wait_for_each_other(self, client):
        slow = self.begin(client, slot="canonical")
        assert view(client, "Clip", 1, "frame").result(SOON)
        assert not slow.over

    def test_status_and_ping_are_answered_while_all_else_is_busy(self, client):
        self.begin(client, slot="a")
        busy = client.request("status").result(SOON)["busy"]
        assert [(each["verb"], each["node"], each["state"]) for each in busy] == [
            ("view", "Slow", "running")
        ]
        assert client.request("ping").result(SOON) == {}
        assert client.request("status").result(SOON)["rss"] > 10 << 20

    def test_an_edit_above_cancels_and_does_not_wait(self, client):
        stale = self.begin(client)
        other = view(client, "Other", 1, "canonical")
        small_nodes.set_knob(self.document, "Grade", "gain", 2.0)
        client.request("edit", {"edits": edits_to_json(self.edits)}).result(SOON)
        with pytest.raises(WorkerError, match="something newer"):
            stale.result(SOON)
        assert not other.over, "an edit beside cancelled it"
        assert not RELEASE.is_set()
        RELEASE.set()
        other.result(SOON)

    def test_moving_a_node_cancels_nothing(self, client):
        call = self.begin(client)
        c.Move({"Slow": (5.0, 5.0)}).run(self.document)
        client.request("edit", {"edits": edits_to_json(self.edits)}).result(SOON)
        assert not call.over
        RELEASE.set()
        call.result(SOON)

    def test_pause_holds_and_resume_goes_on(self, client):
        call = self.begin(client)
        call.pause()
        client.request("ping").result(SOON)
        RELEASE.set()
        assert client.request("status").result(SOON)["busy"][0]["state"] == "paused"
        assert not call.over
        call.resume()
        call.result(SOON)

    def test_what_was_made_in_vain_is_forgotten(self, client):
        call = self.begin(client)
        call.cancel()
        with pytest.raises(WorkerError):
            call.result(SOON)
        RELEASE.set()
        view(client, "Clip", 1).result(SOON)
        until = time.monotonic() + SOON
        while len(self.worker.pictures) != 1 and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.worker.pictures) == 1

    def test_cancel_all_ends_all(self, client):
        calls = [self.begin(client, slot="a"), view(client, "Other", 1, "b")]
        client.request("cancel", {"all": True}).result(SOON)
        for call in calls:
            with pytest.raises(WorkerError):
                call.result(SOON)


def test_an_error_that_nobody_thought_of_is_one_sentence(caplog):
    document = build(("Ramp", "Clip", {}, {}), ("Broken", "Broken", {}, {"image": "Clip"}))
    with worker_inside() as (client, _):
        opened(client, document)
        with pytest.raises(WorkerError, match="Broken failed unexpectedly") as told:
            view(client, "Broken", 1).result(SOON)
        assert told.value.code == 1
        assert client.request("ping").result(SOON) == {}
    assert "view failed" in caplog.text


def test_an_opened_document_takes_the_place_of_the_other():
    with worker_inside() as (client, _):
        opened(client, build(("Ramp", "Clip", {}, {})))
        opened(client, Document(small_nodes.REGISTRY))
        with pytest.raises(WorkerError, match="no node 'Clip'"):
            view(client, "Clip", 1).result(SOON)


def test_whatever_is_asked_and_cancelled_each_request_has_one_answer():
    document = build(
        ("Ramp", "Clip", {}, {}),
        ("Gain", "Grade", {}, {"image": "Clip"}),
        ("Slow", "Slow", {}, {"image": "Grade"}),
    )
    edits, answers = [], []
    document.mirror(edits.extend)
    STARTED.clear(), RELEASE.clear()
    chance = random.Random(5)
    with worker_inside() as (client, worker):
        opened(client, document)
        calls = []
        for step in range(400):
            what = chance.choice(["view", "view", "keep", "info", "cancel", "edit", "pause"])
            node, frame = chance.choice(["Clip", "Grade", "Slow"]), chance.randint(1, 5)
            number = len(calls)
            if what in ("view", "keep"):
                call = client.request(
                    "view",
                    {"node": node, "frame": frame, "slot": chance.choice("abc")}
                    | ({"keep": True} if what == "keep" else {}),
                    done=lambda _, number=number: answers.append(number),
                    failed=lambda _, number=number: answers.append(number),
                )
                calls.append(call)
            elif what == "info":
                client.request("cached", {"node": node, "frames": [1, 2]})
            elif what == "cancel" and calls:
                chance.choice(calls[-9:]).cancel()
            elif what == "pause" and calls:
                paused = chance.choice(calls[-9:])
                paused.pause()
                paused.resume()
            elif what == "edit":
                edits.clear()
                small_nodes.set_knob(document, "Grade", "gain", chance.randint(0, 10))
                client.request("edit", {"edits": edits_to_json(edits)})
            if step % 50 == 49:
                RELEASE.set()
                client.request("ping").result(SOON)
                RELEASE.clear()
        RELEASE.set()
        for call in calls:
            try:
                call.result(SOON)
            except WorkerError as error:
                assert error.cancelled or "Slow" in str(error)
        assert sorted(answers) == list(range(len(calls)))
        until = time.monotonic() + SOON
        while worker.lanes.works() and time.monotonic() < until:
            time.sleep(0.01)
        assert worker.lanes.works() == []
        shared = sum(1 for call in calls if call.over and "picture" in call._answer)
        assert len(worker.pictures) == shared, "a picture that nobody knows of is kept"


def test_a_request_in_the_middle_of_a_request_does_not_lock_up():
    """As when the garbage collector drops a picture while a message is made."""
    with worker_inside() as (client, _):
        inner = []

        class Dropping(dict):
            def items(self):
                inner.append(client.request("release", {"file": "x"}))
                return super().items()

        outer = []
        thread = threading.Thread(
            target=lambda: outer.append(client.request("ping", Dropping(a=1))), daemon=True
        )
        thread.start()
        thread.join(SOON)
        assert outer[0].result(SOON) == {}
        assert inner[0].result(SOON) == {"released": False}
        assert inner[0].id != outer[0].id


def test_a_callback_that_fails_does_not_end_the_line(caplog):
    with worker_inside() as (client, _):

        def fail(_):
            raise KeyError("a fault of the listener")

        client.request("ping", done=fail).result(SOON)
        assert client.request("ping").result(SOON) == {}
    assert "a fault of the listener" in caplog.text
