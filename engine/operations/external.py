"""Another program as an operation: it reads one EXR and writes another."""

import contextlib
import os
import signal
import subprocess  # an argument list, never a shell
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.errors import InputError, UsageError, WriteError
from engine.operations.catalogue import Context, Operation, register
from engine.operations.parameters import Parameter

#: Seconds between looks at the program and at cancel.
LOOK = 0.05

#: Characters of the program's own words that an error repeats.
TAIL = 600


def _write(path: Path, pixels: F32, context: Context) -> None:
    import OpenImageIO as oiio  # noqa: N813 - its usual name

    height, width = pixels.shape[:2]
    data, display = context.picture.data, context.picture.display
    spec = oiio.ImageSpec(width, height, 4, oiio.FLOAT)
    spec.channelnames = ("R", "G", "B", "A")
    spec.alpha_channel = 3
    spec.x, spec.y = data.x0, data.y0
    spec.full_x, spec.full_y = display.x0, display.y0
    spec.full_width, spec.full_height = display.width, display.height
    spec.attribute("compression", "zip")
    spec.attribute("PixelAspectRatio", float(context.picture.pixel_aspect))
    out = oiio.ImageOutput.create(str(path))
    if out is None or not out.open(str(path), spec):
        raise WriteError(f"cannot write {path}: {oiio.geterror()}; check free space", file=path)
    written = out.write_image(np.ascontiguousarray(pixels, np.float32))
    if not (out.close() and written):
        raise WriteError(f"cannot write {path}: {out.geterror()}; check free space", file=path)


def _read(path: Path, name: str) -> F32:
    import OpenImageIO as oiio  # noqa: N813 - its usual name

    if not path.is_file():
        raise InputError(
            f"the command {name} ended well but wrote no {{output}}; check its options"
        )
    file = oiio.ImageInput.open(str(path))
    pixels = None if file is None else file.read_image(oiio.FLOAT)
    if file is None or pixels is None:
        oiio.geterror()  # else OpenImageIO prints it when the program ends
        raise InputError(
            f"the command {name} wrote a picture that cannot be read; check its output"
        )
    spec = file.spec()
    names = [channel.upper() for channel in spec.channelnames]
    file.close()
    array = np.asarray(pixels, np.float32).reshape(spec.height, spec.width, -1)
    count = array.shape[2]
    wanted = [names.index(c) if c in names else min(k, count - 1) for k, c in enumerate("RGB")]
    result = np.ones((*array.shape[:2], 4), np.float32)
    result[..., :3] = array[..., wanted] if count >= 3 else array[..., :1]
    if "A" in names:
        result[..., 3] = array[..., names.index("A")]
    return result


def _start(arguments: list[str], folder: Path, log: Any) -> "subprocess.Popen[bytes]":
    """Starts the program in a group of its own, so that its children can be ended with it."""
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    try:
        return subprocess.Popen(
            arguments,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            **options,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"the command {arguments[0]} cannot be started ({reason}); check its path",
            file=arguments[0],
        ) from error


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends the program and what it started."""
    if sys.platform == "win32":
        killer = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "taskkill.exe"
        with contextlib.suppress(OSError):
            subprocess.run([killer, "/T", "/F", "/PID", str(process.pid)], check=False)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        process.kill()
    process.wait()


def _tail(log: Path) -> str:
    try:
        text = log.read_bytes()[-4 * TAIL :].decode("utf-8", "replace").strip()
    except OSError:
        return ""
    return f": {text[-TAIL:]}" if text else ""


def _run(arguments: list[str], folder: Path, limit: float, context: Context) -> None:
    log = folder / "stderr.txt"
    with log.open("wb") as stream:
        process = _start(arguments, folder, stream)
        started = time.monotonic()
        try:
            while process.poll() is None:
                context.task.check()
                passed = time.monotonic() - started
                if limit and passed > limit:
                    raise InputError(
                        f"the command {arguments[0]} did not end within {limit:g} s; allow it more "
                        f"time or check why it waits{_tail(log)}",
                        frame=context.frame,
                    )
                time.sleep(LOOK)
        except BaseException:
            _end(process)
            raise
    if process.returncode != 0:
        raise InputError(
            f"the command {arguments[0]} failed with status {process.returncode}{_tail(log)}",
            frame=context.frame,
        )


def _external(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    command = values["command"]
    if not command:
        return pixels
    for place in ("{input}", "{output}"):
        if not any(place in part for part in command):
            raise UsageError(f"the external command has no {place} among its arguments; add it")
    with tempfile.TemporaryDirectory(prefix="codef_", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        given, made = folder / "input.exr", folder / "output.exr"
        _write(given, pixels, context)
        frame = "0" if context.frame is None else str(context.frame)
        table = {"{input}": str(given), "{output}": str(made), "{frame}": frame}
        arguments = []
        for part in command:
            for place, text in table.items():
                part = part.replace(place, text)
            arguments.append(part)
        _run(arguments, folder, values["timeout"], context)
        result = _read(made, arguments[0])
    height, width = pixels.shape[:2]
    factor_x, factor_y = result.shape[1] / width, result.shape[0] / height
    if abs(factor_x - factor_y) * max(width, height) > 1.5 * max(factor_x, factor_y):
        raise InputError(
            f"the command {arguments[0]} returned {result.shape[1]}x{result.shape[0]} for "
            f"{width}x{height}; it must keep the shape of the picture",
            frame=context.frame,
        )
    return result


register(
    Operation(
        "external",
        "External command",
        "Gives the picture to another program as an EXR file and takes the EXR that it writes.",
        (
            Parameter(
                "command",
                "arguments",
                (),
                "Program and arguments, one in each line; {input} and {output} stand for the EXR "
                "files, {frame} for the frame number.",
            ),
            Parameter(
                "timeout",
                "float",
                600.0,
                "The program is ended after this time; 0 waits.",
                0,
                1e6,
                "s",
            ),
        ),
        _external,
    )
)
