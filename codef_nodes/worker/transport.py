"""Lines between two processes of one person: a Unix socket, on Windows a named pipe.

A line carries whole messages as bytes. On a socket each has its length in front (4 bytes, big
end first); a pipe keeps messages apart by itself. ``multiprocessing.connection`` serves the pipe,
through its calls for bytes only: its other calls would send pickles.
"""

import contextlib
import os
import secrets
import socket
import struct
import time
from pathlib import Path
from typing import Any, Protocol

from codef_nodes.worker.protocol import MAX_FRAME, ProtocolError
from engine.errors import InputError

_LENGTH = struct.Struct(">I")
_ON_WINDOWS = os.name == "nt"


class Line(Protocol):
    """One end of a connection. One thread may read while another writes."""

    def send(self, body: bytes) -> None:
        """Sends a message; waits until it is taken.

        Raises:
            OSError: The other side is gone.
        """
        ...

    def receive(self, deadline: float | None = None) -> bytes | None:
        """The next message, or None when the other side is gone.

        Args:
            deadline: When to give up, ``time.monotonic``.

        Raises:
            ProtocolError: The message is too long.
            TimeoutError: Nothing whole came in time.
        """
        ...

    def close(self) -> None:
        """Ends the connection; whoever waits in ``receive`` gets None."""
        ...


class SocketLine:
    """A line over a stream socket.

    Args:
        connection: The connected socket.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        connection.settimeout(None)

    def send(self, body: bytes) -> None:
        """See ``Line``."""
        self._socket.sendall(_LENGTH.pack(len(body)) + body)

    def receive(self, deadline: float | None = None) -> bytes | None:
        """See ``Line``."""
        head = self._exactly(_LENGTH.size, deadline)
        if head is None:
            return None
        (length,) = _LENGTH.unpack(head)
        if length > MAX_FRAME:
            raise ProtocolError(f"a message of {length} bytes was announced; that is too long")
        body = self._exactly(length, deadline)
        if deadline is not None:
            self._socket.settimeout(None)
        return body

    def close(self) -> None:
        """See ``Line``."""
        # Without the shutdown a thread that waits in recv would never wake.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _exactly(self, count: int, deadline: float | None) -> bytes | None:
        content = bytearray()
        while len(content) < count:
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError("the other side is too slow")
                self._socket.settimeout(left)
            try:
                piece = self._socket.recv(min(count - len(content), 1 << 20))
            except TimeoutError:
                raise
            except OSError:
                return None
            if not piece:
                return None
            content += piece
        return bytes(content)


class PipeLine:
    """A line over a connection of ``multiprocessing``, bytes only.

    Args:
        connection: The connection.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def send(self, body: bytes) -> None:
        """See ``Line``."""
        self._connection.send_bytes(body)

    def receive(self, deadline: float | None = None) -> bytes | None:
        """See ``Line``."""
        try:
            if deadline is not None and not self._connection.poll(
                max(deadline - time.monotonic(), 0.0)
            ):
                raise TimeoutError("the other side is too slow")
            return bytes(self._connection.recv_bytes(MAX_FRAME))
        except TimeoutError:
            raise
        except EOFError:
            return None
        except OSError as error:
            if str(error) == "bad message length":  # the one sign of it that the library gives
                raise ProtocolError("a message that is too long was announced") from None
            return None

    def close(self) -> None:
        """See ``Line``."""
        with contextlib.suppress(OSError):
            self._connection.close()


class Listener(Protocol):
    """Waits for connections."""

    address: str

    def accept(self) -> Line | None:
        """The next connection; None once the listener is closed."""
        ...

    def close(self) -> None:
        """Takes no more connections."""
        ...


class SocketListener:
    """Listens on a Unix socket.

    Args:
        path: Where the socket appears; its folder is the person's own.
    """

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._closed = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(self.address)
            os.chmod(self.address, 0o600)
            self._socket.listen(8)
            self._socket.settimeout(0.2)
        except OSError as error:
            self._socket.close()
            raise InputError(
                f"cannot listen on {path} ({error.strerror or error}); set XDG_RUNTIME_DIR to a "
                "folder of your own with a short path",
                file=path,
            ) from error

    def accept(self) -> Line | None:
        """See ``Listener``."""
        while not self._closed:
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            except OSError:
                return None
            return SocketLine(connection)
        return None

    def close(self) -> None:
        """See ``Listener``."""
        self._closed = True
        self._socket.close()
        with contextlib.suppress(OSError):
            os.unlink(self.address)


class PipeListener:
    """Listens with ``multiprocessing.connection``.

    Args:
        address: A name for it; default: a named pipe that nobody can guess.
        family: ``AF_PIPE``; a test elsewhere takes ``AF_UNIX``.
    """

    def __init__(self, address: str | None = None, family: str = "AF_PIPE") -> None:
        from multiprocessing import connection

        self.address = address or rf"\\.\pipe\codef-{secrets.token_hex(16)}"
        self._closed = False
        self._listener = connection.Listener(self.address, family)

    def accept(self) -> Line | None:
        """See ``Listener``."""
        while not self._closed:
            try:
                return PipeLine(self._listener.accept())
            except OSError:
                continue  # somebody came and went
        return None

    def close(self) -> None:
        """See ``Listener``."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.close()


def listen(folder: Path) -> Listener:
    """Listens where only this person can connect.

    Args:
        folder: A folder of this person's own, for the socket.
    """
    return PipeListener() if _ON_WINDOWS else SocketListener(folder / "s")


def connect(address: str) -> Line:
    """Connects to a listener.

    Raises:
        OSError: Nobody listens there.
    """
    if _ON_WINDOWS:
        from multiprocessing import connection

        return PipeLine(connection.Client(address, "AF_PIPE"))
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.connect(address)
    except OSError:
        line.close()
        raise
    return SocketLine(line)
