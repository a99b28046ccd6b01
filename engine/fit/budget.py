"""Time and passes that a fit may spend."""

from engine.progress import Task


class Budget:
    """Decides whether another pass may start.

    Args:
        started: When the budget began, on the task's clock.
        seconds: Wall-clock seconds in all, or None.
        steps: Passes in all, or None.
        default_steps: Passes when neither is given.
        task: The work that spends it: while it is paused no time is spent, and when it is to end
            early nothing is left.
    """

    def __init__(
        self,
        started: float,
        seconds: float | None,
        steps: int | None,
        default_steps: int,
        task: Task | None = None,
    ) -> None:
        self._task = task or Task()
        self.started, self.seconds = started, seconds
        self.steps = steps if steps is not None or seconds is not None else default_steps

    @property
    def elapsed(self) -> float:
        """Seconds since the budget began."""
        return self._task.now() - self.started

    def allows(self, step: int, step_cost: float, reserve: float) -> bool:
        """Whether pass number ``step`` may start.

        Args:
            step: Passes done so far.
            step_cost: Expected seconds of one more.
            reserve: Seconds that finishing will take.
        """
        if self._task.ending:
            return False
        if self.steps is not None and step >= self.steps:
            return False
        return self.seconds is None or self.elapsed + step_cost + reserve <= self.seconds

    def fraction(self, step: int, reserve: float) -> float:
        """Share of the passes or of the time that is spent, 0 to 1."""
        shares = [0.0]
        if self.steps:
            shares.append(step / self.steps)
        if self.seconds is not None:
            shares.append(self.elapsed / max(self.seconds - reserve, 1e-3))
        return min(max(shares), 1.0)
