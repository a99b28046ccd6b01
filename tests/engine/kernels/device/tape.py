"""A recorder that needs no card: what a CUDA graph does, done with the operations of plain torch.

Recorded is every operation on tensors that some work asks for, with the very tensors it was given.
Played again, each operation reads and writes these same tensors, and no line of Python of the work
is run: a number, a branch or an address that the work took from Python stays what it was. Whatever
would make a card wait, or could not be recorded there, ends the recording with ``Waits``.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

#: Operations whose result only the device knows how to shape or to tell.
ASKING = (
    "_local_scalar_dense",
    "nonzero",
    "nonzero_numpy",
    "masked_select",
    "unique",
    "_unique2",
    "unique_consecutive",
    "equal",
    "is_nonzero",
    "bincount",
    "argwhere",
)
#: Functions of torch that bring numbers to the host or from it.
CROSSING = (
    *("cpu", "cuda", "numpy", "item", "tolist", "__bool__", "__float__", "__int__", "__index__"),
    *("__array__", "pin_memory", "tensor", "as_tensor", "from_numpy", "frombuffer", "new_tensor"),
)


class Waits(RuntimeError):
    """Work that is to be recorded asks something of the device, or sends it something."""


class _Crossings(TorchFunctionMode):
    """Ends where Python itself takes numbers out of tensors."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        if name in CROSSING:
            raise Waits(f"{name} is asked for")
        if name == "to" and any(isinstance(each, str | torch.device) for each in args[1:]):
            raise Waits("a tensor is sent to a device")
        if name in ("__getitem__", "__setitem__") and any(
            isinstance(each, torch.Tensor) and each.dtype in (torch.bool, torch.uint8)
            for each in tree_leaves(args[1])
        ):
            raise Waits("the pixels of a mask are picked out")
        return func(*args, **(kwargs or {}))


class _Tape(TorchDispatchMode):
    """Does every operation, and takes it down."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[Any, tuple[Any, ...], dict[str, Any], list[torch.Tensor]]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        if name in ASKING:
            raise Waits(f"{name} is asked for")
        out = func(*args, **kwargs)
        made = [each for each in tree_leaves(out) if isinstance(each, torch.Tensor)]
        self.steps.append((func, args, kwargs, made))
        return out

    @torch.no_grad()
    def play(self) -> None:
        """Does it all again, with the same tensors."""
        for func, args, kwargs, made in self.steps:
            out = func(*args, **kwargs)
            found = [each for each in tree_leaves(out) if isinstance(each, torch.Tensor)]
            for old, new in zip(made, found, strict=True):
                # Views and what was changed in place are where they were.
                if old is not new and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


class Tape:
    """Records; see ``engine.kernels.device.replay.Recorder``. Counts what was recorded and played.

    A card does nothing while it records, and then plays. Here recording is the first playing.
    """

    def __init__(self) -> None:
        self.recorded = self.played = 0

    def __call__(self, work: Callable[[], None]) -> Callable[[], None]:
        tape, fresh = _Tape(), True
        with _Crossings(), tape:
            work()
        self.recorded += 1

        def play() -> None:
            nonlocal fresh
            if not fresh:
                self.played += 1
                tape.play()
            fresh = False

        return play
