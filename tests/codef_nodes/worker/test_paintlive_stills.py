"""A stroke on a shot of several stills: the frame follows it among the edits of the others."""

import numpy as np
import pytest

from tests.codef_nodes.cli.tinyclip import write_png
from tests.codef_nodes.worker.paintkit import Shot as Strokes
from tests.codef_nodes.worker.paintkit import client as client  # the fixture
from tests.codef_nodes.worker.paintkit import node
from tests.engine.linked.conftest import Shot
from tests.engine.linked.conftest import shot as shot  # the fixture

FRAME = 110
"""Two segments hold it."""
STROKE = {"kind": "brush", "size": 11.0, "colour": [0.9, 0.1, 0.05], "hardness": 0.6}
BLUE = {**STROKE, "colour": [0.05, 0.1, 0.9], "size": 13.0}


def places(shot: Shot, segment: int, line):
    """Places of the frame as points of a segment's still."""
    view = shot.field.seen_from(segment)
    deformation = view.layers[0].deformation
    found = deformation.at(view.index(FRAME), np.array(line, np.float32))
    return [[float(x), float(y), 1.0] for x, y in found]


@pytest.mark.parametrize("own", [0, 1])
@pytest.mark.parametrize("mix", [1.0, 0.7])
def test_the_frame_follows_among_edits_of_other_stills(client, shot: Shot, tmp_path, own, mix):
    for frame in shot.field.frames:
        codes = shot.plate(frame).native.codes
        write_png(tmp_path / f"plate.{frame:04d}.png", np.ascontiguousarray(codes[..., ::-1]))
    across, down = [[30, 36], [45, 37], [62, 38]], [[45, 20], [46, 36], [47, 52]]
    other = 1 - own
    there = {**BLUE, "points": places(shot, other, down)}
    strokes = Strokes(
        client,
        tmp_path,
        [],
        Clip=node("LoadSequence", file="plate.%04d.png"),
        Fit=node("LoadField", folder=str(shot.folder)),
        Still=node("CanonicalView", {"field": "Fit"}, segment=own),
        Paint=node("Paint", {"image": "Still"}, strokes=[]),
        Still2=node("CanonicalView", {"field": "Fit"}, segment=other),
        Paint2=node("Paint", {"image": "Still2"}, strokes=[there]),
        Out=node(
            "Propagate",
            {"source": "Clip", "field": "Fit", "edit": ["Paint2", "Paint"]},
            mix=mix,
            focus=0.0,
        ),
    )
    before = strokes.view("View", FRAME)[0]
    mine = places(shot, own, across)
    begun, _, seen = strokes.stroke(STROKE, FRAME, points=mine)
    assert begun["follows"], begun["note"]
    assert np.abs(seen - before).max() > 0.2
    strokes.commit(STROKE, points=mine)
    wanted = strokes.view("View", FRAME)[0]
    np.testing.assert_allclose(seen, wanted, atol=2e-3)
    # Where they cross, that of the later still lies on top.
    crossing = seen[37, 46]
    assert (crossing[0] > crossing[2]) == (own == 1)
