"""Strokes through a real worker, as the window draws them."""

import numpy as np
import pytest

from codef_nodes.graph.edits import Splice
from codef_nodes.worker.client import Client
from codef_nodes.worker.edits import edits_to_json

POINTS = [[12, 10, 1], [22, 17, 0.8], [38, 20, 1], [44, 30, 0.6]]
BRUSH = {"kind": "brush", "size": 9.0, "colour": [2.0, 0.1, 0.2], "hardness": 0.4, "opacity": 0.8}
FIRST = {"points": [[30, 8, 1], [33, 40, 1]], "size": 6.0, "colour": [0, 1, 0]}
FRAME = 1004


def node(kind, wires=None, **knobs):
    return {"type": kind, "version": 1, "knobs": knobs, "inputs": wires or {}}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The worker of a module's tests."""
    client = Client("view", cache_dir=tmp_path_factory.mktemp("cache"))
    assert client.wait_ready(60)
    yield client
    client.close()


class Shot:
    """The usual chain in a worker, and what its viewers show."""

    def __init__(self, client, folder, strokes, scale=1.0, **more):
        self.client = client
        self.tree = {
            "codef": {"schema": 1},
            "settings": {},
            "nodes": {
                "Clip": node("LoadSequence", file="clip"),
                "Fit": node("LoadField", folder="F"),
                "Still": node("CanonicalView", {"field": "Fit"}, scale=scale),
                "Paint": node("Paint", {"image": "Still", "field": "Fit"}, strokes=list(strokes)),
                "Out": node("Propagate", {"source": "Clip", "field": "Fit", "edit": ["Paint"]}),
                "View": node("Viewer", {"image": "Out"}),
                **more,
            },
        }
        self.path = folder / "shot.codef"
        self.ask("open", tree=self.tree, path=str(self.path))

    def ask(self, verb, **args):
        return self.client.request(verb, args).result(60)

    def draw(self, verb, **args):
        """What a request changed of the picture that is painted on and of the frame."""
        told = []
        request = self.client.request(verb, args, event=lambda *event: told.append(event))
        answer = request.result(60)
        painted = next((data for name, data in told if name == "painted"), {"picture": None})
        if answer.get("late"):
            answer = self.ask("paint.follow", session=args["session"])
        return painted, {"picture": None, **answer}

    def picture(self, described):
        shape = tuple(described["shape"])
        pixels = np.array(np.memmap(described["file"], np.float32, "r", shape=shape))
        self.ask("release", file=described["file"])
        return pixels, tuple(described["data"])

    def view(self, name, frame, scale=1):
        answer = self.ask("view", node=name, frame=frame, slot=name, scale=scale)
        return self.picture(answer["picture"])

    def stroke(
        self,
        stroke,
        frame=FRAME,
        follow="View",
        scale=1,
        index=None,
        fresh=True,
        points=POINTS,
    ):
        """Draws a stroke; returns both pictures as the window has them in the end.

        Without ``fresh`` it goes on with the pictures that it has.
        """
        if fresh:
            self.shown = self.view("Paint", frame, scale), self.view(follow, frame, scale)
        shown, seen = self.shown
        view = {"region": None, "scale": scale}
        begun = self.ask(
            "paint.begin",
            node="Paint",
            frame=frame,
            stroke=stroke,
            index=index,
            follow={"node": follow, "frame": frame, **view},
            view=view,
        )
        for point in points:
            painted, answer = self.draw("paint.extend", session=begun["session"], points=[point])
            self.take(shown, painted["picture"], scale)
            self.take(seen, answer["picture"], scale)
        painted, answer = self.draw("paint.end", session=begun["session"])
        self.take(shown, painted["picture"], scale)
        self.take(seen, answer["picture"], scale)
        return begun, shown[0], seen[0]

    def take(self, shown, described, scale):
        """Puts what a stroke changed into a picture."""
        if described is None:
            return
        pixels, box = self.picture(described)
        whole, data = shown
        left, top = (box[0] - data[0]) // scale, (box[1] - data[1]) // scale
        whole[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels

    def commit(self, stroke, index=None, points=POINTS):
        strokes = self.tree["nodes"]["Paint"]["knobs"]["strokes"]
        place = len(strokes) if index is None else index
        path = ("nodes", "Paint", "knobs", "strokes")
        splice = Splice(path, place, [], [{**stroke, "points": points}])
        self.ask("edit", edits=edits_to_json([splice]))
        strokes.insert(place, splice.added[0])
