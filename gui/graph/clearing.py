"""The last step of Tidy: nodes step aside from wires that would run behind them. No Qt.

Wires are straight, so that a long one may lead behind nodes of the layers between. A few nodes,
alone or with the straight chain that they stand in, are moved across where that uncovers wires and
costs little straightness. Everything is tried in a fixed order: equal graphs, equal drawings.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gui.graph.metrics import DOT_SIZE, NODE_HEIGHT, NODE_WIDTH, STEP_X, STEP_Y

_COVERED = 600.0
"""What a wire behind a node costs, in units of distance."""
_LONG = 0.15
"""What the slant of a wire over several layers costs, against that of a short one."""
_ROUNDS = 6
_SHIFTS = tuple(
    sign * step * STEP_X / 4 for step in (1, 2, 3, 4, 5, 6, 8, 10, 12) for sign in (-1, 1)
)
_AIR = 8.0
_CLOSE_UP = 120
LARGEST = 500
"""Parts with more nodes are left as they are: it would take too long."""


@dataclass(frozen=True)
class Run:
    """A wire by its ends.

    Attributes:
        source: What gives.
        reader: What reads.
        across: Where it arrives on the reader, counted from the reader's middle.
    """

    source: str
    reader: str
    across: float


class Clearing:
    """Moves nodes across until few wires run behind them.

    Args:
        places: Middle of each node from left to right; changed in place.
        level: Layer of each node.
        runs: The wires.
        small: The nodes that are dots.
    """

    def __init__(
        self,
        places: dict[str, float],
        level: Mapping[str, int],
        runs: Sequence[Run],
        small: Collection[str] = (),
    ) -> None:
        self._x, self._level, self._runs = places, level, runs
        self._half = {name: (DOT_SIZE if name in small else NODE_WIDTH) / 2 for name in places}
        self._rows: dict[int, list[str]] = {}
        for name in sorted(places, key=lambda name: (level[name], places[name], name)):
            self._rows.setdefault(level[name], []).append(name)
        self._touching: dict[str, list[Run]] = {name: [] for name in places}
        self._passing: dict[int, list[Run]] = {}
        for run in runs:
            self._touching[run.source].append(run)
            self._touching[run.reader].append(run)
            for row in range(level[run.source] + 1, level[run.reader]):
                self._passing.setdefault(row, []).append(run)

    def run(self) -> None:
        """Does it."""
        if len(self._x) > LARGEST:
            return
        self._rounds(self._concerned)
        if len(self._x) <= _CLOSE_UP:
            self._rounds(lambda name: True)  # what stepped aside too far comes back

    def _rounds(self, concerned: Callable[[str], bool]) -> None:
        for _ in range(_ROUNDS):
            better = False
            for row in sorted(self._rows):
                for name in self._rows[row]:
                    if concerned(name):
                        better |= self._improve(name)
            if not better:
                return

    def covered(self) -> int:
        """How often a wire runs behind a node."""
        return sum(
            self._behind(run, name)
            for row, runs in self._passing.items()
            for run in runs
            for name in self._rows.get(row, ())
        )

    def _concerned(self, name: str) -> bool:
        """Whether a node covers a wire, or one of its wires is covered."""
        if any(self._behind(run, name) for run in self._passing.get(self._level[name], ())):
            return True
        return any(self._hidden(run) for run in self._touching[name])

    def _improve(self, name: str) -> bool:
        best, found = 1e-6, None
        for group in dict.fromkeys((frozenset([name]), self._chain(name))):
            now = self._cost(group)
            for shift in _SHIFTS:
                if self._room(group, shift):
                    self._shift(group, shift)
                    gain = now - self._cost(group)
                    self._shift(group, -shift)
                    if gain > best:
                        best, found = gain, (group, shift)
        if found is None:
            return False
        self._shift(*found)
        return True

    def _chain(self, name: str) -> frozenset[str]:
        """The nodes straight above and below that hang on this one and on each other."""
        chain, waiting = {name}, [name]
        while waiting:
            here = waiting.pop()
            for run in self._touching[here]:
                other = run.reader if run.source == here else run.source
                if other not in chain and abs(self._x[other] - self._x[here]) < 2.0:
                    chain.add(other)
                    waiting.append(other)
        return frozenset(chain)

    def _shift(self, group: Iterable[str], shift: float) -> None:
        for name in group:
            self._x[name] += shift

    def _room(self, group: frozenset[str], shift: float) -> bool:
        for name in group:
            for other in self._rows[self._level[name]]:
                if other in group:
                    continue
                need = self._half[name] + self._half[other] + STEP_X - NODE_WIDTH
                if abs(self._x[name] + shift - self._x[other]) < need - 0.5:
                    return False
        return True

    def _cost(self, group: Iterable[str]) -> float:
        """What the drawing costs, as far as the group has to do with it."""
        runs: dict[int, Run] = {}
        covered = 0
        for name in group:
            for run in self._touching[name]:
                runs[id(run)] = run
            covered += sum(
                self._behind(run, name) for run in self._passing.get(self._level[name], ())
            )
        total = _COVERED * covered
        for run in runs.values():
            total += _COVERED * self._hidden(run)
            slant = abs(self._x[run.source] - self._x[run.reader])
            long = self._level[run.reader] - self._level[run.source] > 1
            total += slant * (_LONG if long else 1.0)
        return total

    def _hidden(self, run: Run) -> int:
        """How many nodes a wire runs behind."""
        return sum(
            self._behind(run, name)
            for row in range(self._level[run.source] + 1, self._level[run.reader])
            for name in self._rows.get(row, ())
        )

    def _behind(self, run: Run, name: str) -> bool:
        if name in (run.source, run.reader):
            return False
        top = self._level[run.source] * STEP_Y + NODE_HEIGHT / 2
        bottom = self._level[run.reader] * STEP_Y - NODE_HEIGHT / 2
        start, end = self._x[run.source], self._x[run.reader] + run.across
        middle = self._level[name] * STEP_Y
        slope = (end - start) / (bottom - top)
        one = start + slope * (middle - NODE_HEIGHT / 2 - top)
        other = start + slope * (middle + NODE_HEIGHT / 2 - top)
        reach = self._half[name] + _AIR
        return min(one, other) < self._x[name] + reach and max(one, other) > self._x[name] - reach
