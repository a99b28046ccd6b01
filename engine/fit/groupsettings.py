"""What the artist asks of one group of a fit, beside the recipe's numbers for all of them."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.errors import UsageError

#: Pixels between lattice points that can be asked for: a seed's points are halved, never joined.
DETAILS = (2, 4, 8, 16)


@dataclass(frozen=True)
class GroupSettings:
    """How one group is fitted.

    Attributes:
        stiffness: Times the recipe's stiffness: 10 for a car, 0.3 for cloth.
        detail: Pixels between the finest lattice points, one of ``DETAILS``; None: as the recipe
            finds right.
        steadiness: How firmly the frames beside a frame hold it, like the recipe's ``temporal``;
            None: as the recipe has it.
    """

    stiffness: float = 1.0
    detail: int | None = None
    steadiness: float | None = None

    def numbers(self, recipe: Mapping[str, Any]) -> dict[str, Any]:
        """The recipe's numbers that this group has its own of."""
        own: dict[str, Any] = {}
        if self.stiffness != 1:
            own["stiffness"] = float(recipe["stiffness"]) * self.stiffness
            # A stiff group is stiff where it does not fit, too: that is what it is asked for.
            own["softest"] = min(float(recipe["softest"]) * max(self.stiffness, 1.0), 1.0)
        if self.detail is not None:
            own["finest_spacing"] = float(self.detail)
        if self.steadiness is not None:
            own["temporal"] = self.steadiness
        return own

    def as_dict(self) -> dict[str, Any]:
        """What differs from the usual, as it is kept in reports."""
        usual = GroupSettings()
        return {k: v for k, v in asdict(self).items() if v != getattr(usual, k)}


def settings_from(values: Mapping[str, Any], group: str) -> GroupSettings:
    """Settings from a table, such as ``{"stiffness": 4}``; other keys are left to others.

    Args:
        values: By name.
        group: Whose they are, for the message.

    Raises:
        UsageError: A value that is no number, or out of range.
    """
    known: dict[str, Any] = {}
    for name in (field.name for field in fields(GroupSettings)):
        value = values.get(name)
        if value is None or value == "":
            continue
        low, what = (1e-3, "above 0") if name == "stiffness" else (0.0, "of at least 0")
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(value, bool) or not (low <= number <= 1000):
            raise UsageError(
                f"the {name} of group {group!r} is {value!r}; give a number {what} and at most 1000"
            )
        if name == "detail" and number not in DETAILS:
            choices = ", ".join(str(n) for n in DETAILS)
            raise UsageError(
                f"the detail of group {group!r} is {value!r}; choose one of {choices} pixels"
            )
        known[name] = int(number) if name == "detail" else number
    return GroupSettings(**known)


def in_report(settings: Mapping[str, GroupSettings], names: list[str]) -> dict[str, Any]:
    """What a fit's report says of the groups' settings; usual ones are left out.

    Args:
        settings: By the name of the group.
        names: Of the layers of the fit.
    """
    said = {name: settings[name].as_dict() for name in names if name in settings}
    return {name: values for name, values in said.items() if values}
