"""Tidy: layers, few crossings, nothing on top of anything, no wire behind a node, repeatable."""

import random
from itertools import pairwise

from gui.graph.clearing import Clearing, Run
from gui.graph.metrics import NODE_HEIGHT, NODE_WIDTH
from gui.graph.tidy import Wire, tidy


def some_graph(seed: int, count: int) -> tuple[dict[str, tuple[float, float]], list[Wire]]:
    chance = random.Random(seed)
    names = [f"N{number}" for number in range(count)]
    nodes = {name: (chance.uniform(-500, 500), chance.uniform(-500, 500)) for name in names}
    wires = []
    for number, name in enumerate(names[1:], 1):
        inputs = chance.sample(range(number), min(number, chance.choice((1, 1, 1, 2, 3))))
        for place, source in enumerate(inputs, 1):
            wires.append(Wire(names[source], name, place / (len(inputs) + 1)))
    return nodes, wires


def test_readers_are_below_what_they_read_and_nothing_overlaps() -> None:
    for seed in range(12):
        nodes, wires = some_graph(seed, 6 + 5 * seed)
        places = tidy(nodes, wires)
        assert set(places) == set(nodes)
        for wire in wires:
            assert places[wire.reader][1] - places[wire.source][1] >= NODE_HEIGHT * 1.5
        spots = sorted(places.values())
        for place, (x, y) in enumerate(spots):
            for other_x, other_y in spots[place + 1 :]:
                apart = abs(x - other_x) >= NODE_WIDTH or abs(y - other_y) >= NODE_HEIGHT
                assert apart, (seed, (x, y), (other_x, other_y))


def test_the_same_graph_is_drawn_the_same_and_a_tidy_one_stays() -> None:
    nodes, wires = some_graph(5, 30)
    once = tidy(nodes, wires)
    backwards = dict(reversed(nodes.items()))
    assert tidy(backwards, wires[::-1]) == once
    assert tidy(once, wires) == once


def test_the_upper_left_corner_stays() -> None:
    nodes, wires = some_graph(2, 12)
    places = tidy(nodes, wires)
    assert min(x for x, _ in places.values()) == round(min(x for x, _ in nodes.values()))
    assert min(y for _, y in places.values()) == round(min(y for _, y in nodes.values()))


def test_a_stream_is_straight_and_parts_keep_their_order() -> None:
    nodes = {"B": (300.0, 0.0), "A": (0.0, 0.0), "A2": (10.0, 50.0), "B2": (310.0, 40.0)}
    places = tidy(nodes, [Wire("A", "A2"), Wire("B", "B2")])
    assert places["A"][0] == places["A2"][0] < places["B"][0] == places["B2"][0]


def test_nodes_step_aside_from_a_long_wire() -> None:
    chain = ["A", "B", "C", "D"]
    wires = [Wire(one, other, 0.4) for one, other in pairwise(chain)]
    nodes = {name: (0.0, 100.0 * place) for place, name in enumerate(chain)}
    wires.append(Wire("A", "D", 0.6))
    places = tidy(nodes, wires)
    level = {name: place for place, name in enumerate(chain)}
    runs = [Run(wire.source, wire.reader, wire.across) for wire in wires]
    before = Clearing(dict.fromkeys(chain, 0.0), level, runs)
    after = Clearing({name: x for name, (x, _) in places.items()}, level, runs)
    assert before.covered() == 2 and after.covered() == 0


def test_nothing_and_one_node() -> None:
    assert tidy({}, []) == {}
    assert tidy({"A": (3.0, 4.0)}, []) == {"A": (3, 4)}
