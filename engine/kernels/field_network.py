"""The networks that a field of the ``paper`` recipe can be made of (torch)."""

from typing import Any

from engine.kernels.frequency_network import FrequencyNetwork, FrequencyShape
from engine.kernels.hashgrid_network import HashNetwork, NetworkShape

Shape = NetworkShape | FrequencyShape
Network = HashNetwork | FrequencyNetwork


def shape_of(numbers: dict[str, Any]) -> Shape:
    """The shape that ``Shape.numbers`` told of.

    Raises:
        TypeError: Numbers of no network.
    """
    rest = {name: value for name, value in numbers.items() if name != "encoding"}
    return FrequencyShape(**rest) if numbers.get("encoding") == "pe" else NetworkShape(**rest)
