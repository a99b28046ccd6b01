"""What an image operation is, and the list of all of them.

To add one: write ``engine/operations/NAME.py`` with an ``Operation`` that is given to ``register``;
every module of this folder is found by itself. ``apply`` gets finite premultiplied scene-linear
pixels; NaN, masks, mix and windows are looked after in ``engine.operations.run``.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import engine.operations
from engine.arrays import F32, Bool
from engine.errors import UsageError
from engine.io.picture import Picture
from engine.operations.parameters import Parameter, check_values
from engine.progress import Task, silent

__all__ = ["Context", "Operation", "Parameter", "operation", "operations", "register"]


@dataclass(frozen=True)
class Context:
    """What an operation may know beside its pixels and parameters.

    Attributes:
        picture: The picture that the pixels belong to (its windows, its pixel aspect).
        inputs: Further pictures by name, as ``Operation.inputs`` lists them.
        mask: float32 [H, W] from 0 to 1, or None. Mixing by it is done afterwards.
        bad: [H, W], pixels that were NaN or Inf and are 0 here, or None.
        frame: Frame number, or None.
        task: Progress and cancel.
    """

    picture: Picture
    inputs: Mapping[str, Picture] = field(default_factory=dict)
    mask: F32 | None = None
    bad: Bool | None = None
    frame: int | None = None
    task: Task = field(default_factory=silent)


Apply = Callable[[F32, Mapping[str, Any], Context], F32]


@dataclass(frozen=True)
class Operation:
    """One entry of the catalogue.

    Attributes:
        name: Identifier in documents; never changes.
        title: For a person.
        help: One sentence.
        parameters: In the order of the panel.
        apply: ``(pixels [H, W, 4], values, context) -> [h, w, 4]``; never writes to its input. A
            result of another size scales the windows with it.
        inputs: Names of further pictures that it needs.
        overlay: The result is the operation's own premultiplied RGBA, which is put over the
            picture and carried to the frames with its own alpha.
        repairs: The operation fills ``Context.bad`` pixels; otherwise they come back as they were.
    """

    name: str
    title: str
    help: str
    parameters: tuple[Parameter, ...]
    apply: Apply
    inputs: tuple[str, ...] = ()
    overlay: bool = False
    repairs: bool = False

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Checked values of all parameters, defaults filled in.

        Args:
            given: Some values by name.

        Raises:
            UsageError: Names the operation and the parameter.
        """
        return check_values(self.title, self.parameters, given)


_CATALOGUE: dict[str, Operation] = {}
_loaded = False


def register(entry: Operation) -> Operation:
    """Puts an operation into the catalogue.

    Args:
        entry: The operation; its name must be new.

    Returns:
        The same operation.

    Raises:
        UsageError: The name is taken.
    """
    if entry.name in _CATALOGUE:
        raise UsageError(f"the catalogue already has an operation {entry.name!r}; rename one")
    _CATALOGUE[entry.name] = entry
    return entry


def operations() -> dict[str, Operation]:
    """All operations by name, in alphabetical order of their titles."""
    global _loaded
    if not _loaded:
        for module in sorted(
            item.name for item in pkgutil.iter_modules(engine.operations.__path__)
        ):
            importlib.import_module(f"engine.operations.{module}")
        _loaded = True
    return dict(sorted(_CATALOGUE.items(), key=lambda item: item[1].title))


def operation(name: str) -> Operation:
    """One operation.

    Args:
        name: Its identifier.

    Raises:
        UsageError: There is none of that name.
    """
    every = operations()
    if name not in every:
        raise UsageError(f"no image operation {name!r}; there are {', '.join(sorted(every))}")
    return every[name]
