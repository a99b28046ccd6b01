"""The learned matchers of this machine, each loaded once."""

import threading

from codef_nodes.work.identity import file_identity
from codef_nodes.work.models import ORIGINS, installed
from engine.errors import InputError, UsageError
from engine.flow.learned import Matcher

METHODS = ("gmflow", "raft")

_LOADED: dict[str, tuple[list[object], Matcher]] = {}
_LOCK = threading.Lock()


def weights_identity(method: str) -> str | None:
    """What tells the weights of a method from others, the same on every machine.

    Pinned weights are known before they are fetched, so that a finished fit renders on machines
    that have none of them and is not called stale there.

    Args:
        method: One of ``METHODS``.
    """
    if method in ORIGINS:
        return ORIGINS[method].content
    try:
        return installed(method).name
    except InputError:
        return None


def matcher(method: str, device: str = "auto") -> Matcher:
    """A learned matcher, kept for the next time.

    Args:
        method: One of ``METHODS``.
        device: ``auto`` (the graphics card where there is one), ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        InputError: Its weights are not on this machine, or are broken.
        DeviceError: It does not work here, or there is no such card.
        UsageError: There is no such method, or no such kind of device.
    """
    if method not in METHODS:
        raise UsageError(f"no learned matcher {method!r}; choose one of {', '.join(METHODS)}")
    file = installed(method)
    from engine.kernels.backends.device import device_of

    where = str(device_of(device))
    identity: list[object] = [file_identity(file), where]
    with _LOCK:
        kept = _LOADED.get(method)
        if kept is not None and kept[0] == identity:
            return kept[1]
        _LOADED.pop(method, None)
        made: Matcher
        if method == "gmflow":
            from engine.flow.gmflow.matcher import GmflowMatcher

            made = GmflowMatcher(file, where)
        else:
            from engine.flow.raft import RaftMatcher

            made = RaftMatcher(file, where)
        _LOADED[method] = (identity, made)
        return made
