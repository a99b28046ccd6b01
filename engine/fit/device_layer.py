"""A layer whose arrays stay on the device that fits it, and are fetched when somebody looks."""

from dataclasses import fields
from typing import Any

import numpy as np
import torch

from engine.arrays import AnyArray
from engine.fit.seeded import LayerState


class _Kept:
    """An array of a layer: in the computer's memory, on the device, or the same in both."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        if layer is None:
            return self
        fetched: AnyArray = layer.fetched(self._name)
        return fetched

    def __set__(self, layer: Any, value: AnyArray) -> None:
        layer.give(self._name, value)


class DeviceLayer(LayerState):
    """As ``LayerState``; what is fetched is a copy that cannot be written, what is set is sent."""

    matrices = _Kept()
    lattices = _Kept()
    home = _Kept()
    shade = _Kept()
    picture = _Kept()
    speed = _Kept()
    weight = _Kept()
    step = _Kept()

    @classmethod
    def of(cls, state: LayerState) -> "DeviceLayer":
        """A layer like another one."""
        return cls(**{each.name: getattr(state, each.name) for each in fields(state)})

    def fetched(self, name: str) -> AnyArray:
        """An array as it is now, in the computer's memory."""
        here = self._here
        if name not in here:
            array: AnyArray = self._there[name].detach().to("cpu", copy=True).numpy()
            array.flags.writeable = False
            here[name] = array
        return here[name]

    def give(self, name: str, array: AnyArray) -> None:
        """Sets an array; it is sent when the device needs it."""
        self._here[name] = array
        self._there.pop(name, None)

    def on(self, device: torch.device, name: str) -> torch.Tensor:
        """An array on the device. Who changes it says so by ``keep``."""
        there = self._there
        if name not in there or there[name].device != device:
            array = np.ascontiguousarray(self.fetched(name))
            there[name] = torch.tensor(array, device=device)
        return there[name]

    def shape(self, name: str) -> tuple[int, ...]:
        """Of an array, without fetching it."""
        found = self._there.get(name)
        return tuple(self._here[name].shape if found is None else found.shape)

    def keep(self, name: str, tensor: torch.Tensor) -> None:
        """Sets an array to what is on the device."""
        self._there[name] = tensor
        self._here.pop(name, None)

    def scratch(
        self, name: str, shape: tuple[int, ...], kind: torch.dtype = torch.float32
    ) -> torch.Tensor:
        """Room on the device that stays where it is as long as its size does, for our own use."""
        key, there = f"scratch {name}", self._there
        if key not in there or there[key].shape != shape:
            there[key] = torch.zeros(shape, dtype=kind, device=self.device)
        return there[key]

    def places(self) -> tuple[tuple[int, ...], ...]:
        """Where on the device everything lies, and how large it is: what a recording goes by."""
        return tuple((each.data_ptr(), *each.shape) for each in self._there.values())

    @property
    def device(self) -> torch.device:
        """Where it is fitted."""
        return torch.device(self.passes.name)

    @property
    def _here(self) -> dict[str, AnyArray]:
        found: dict[str, AnyArray] = self.__dict__.setdefault("_here_", {})
        return found

    @property
    def _there(self) -> dict[str, torch.Tensor]:
        found: dict[str, torch.Tensor] = self.__dict__.setdefault("_there_", {})
        return found
