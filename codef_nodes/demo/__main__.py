"""The main job on a real clip, end to end: ``python -m codef_nodes.demo``.

Fetches the clip, renders the graph ``presets/graphs/demo.codef`` with the same command that an
artist types, and puts a contact sheet beside the result. No display is needed.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from codef_nodes.demo import show
from codef_nodes.demo.footage import Footage, prepare
from engine.errors import CodefError, InputError

GRAPHS = {"city": "demo.codef", "balloon": "demo_balloon.codef"}


def say(text: str) -> None:
    """One plain line, at once."""
    print(text, flush=True)


def place_document(folder: Path, footage: Footage) -> Path:
    """Copies the graph beside the footage; an equal one stays, so that its fit is found again.

    Raises:
        InputError: The graph is not part of this installation.
    """
    preset = Path(str(files("presets"))) / "graphs" / GRAPHS[footage.name]
    if not preset.is_file():
        raise InputError(f"{preset} is missing; take it from the repository", file=preset)
    text = preset.read_bytes()
    document = folder / preset.name
    if not document.is_file() or document.read_bytes() != text:
        part = document.with_name(document.name + ".part")
        part.write_bytes(text)
        os.replace(part, document)
    return document


def demonstrate(folder: Path, offline: bool) -> int:
    """Runs the demonstration and returns the exit code.

    Args:
        folder: Receives everything that is made.
        offline: Take the rendered clip without trying to fetch the real one.

    Raises:
        CodefError: Something cannot be read or written.
    """
    from codef_nodes.__main__ import main as codef

    began = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    footage, why = prepare(folder / "source", offline=offline)
    if why:
        say(f"demo: rendering a clip of our own, because {why}")
    say(f"demo: the clip is {footage.about}")
    document = place_document(folder, footage)
    say(f"demo: codef render {document}")
    code = codef(["render", str(document)])
    if code != 0:
        return code
    sheet = show.sheet(folder, footage)
    report = show.fit_report(folder, footage)
    frames = show.result_frames(folder / "result", footage.name)
    say("demo: wrote")
    say(f"  {folder / 'result' / footage.name}.%04d.exr   {len(frames)} edited frames")
    say(f"  {folder / 'canonical.exr'}   the whole shot as one still")
    say(f"  {sheet}   source, still, edit and result side by side")
    if "psnr_edit_path" in report:
        say(
            f"demo: fitted in {report.get('seconds', 0):.0f} s; the clip comes back through the "
            f"canonical image at {report['psnr_edit_path']:.2f} dB, "
            f"with all terms at {report.get('psnr', report['psnr_edit_path']):.2f} dB"
        )
    say(f"demo: {time.monotonic() - began:.0f} s in all; the graph is {document}")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Reads the command line and runs the demonstration."""
    parser = argparse.ArgumentParser(prog="python -m codef_nodes.demo", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("build/demo"), metavar="DIR")
    parser.add_argument(
        "--offline", action="store_true", help="use the rendered clip, fetch nothing"
    )
    options = parser.parse_args(argv)
    try:
        return demonstrate(options.output, options.offline)
    except CodefError as error:
        say(f"demo: {error}")
        return error.code
    except OSError as error:
        say(f"demo: {error.filename}: {error.strerror}; choose another folder with -o")
        return 3
    except KeyboardInterrupt:
        say("demo: stopped; the next run goes on from what is finished")
        return 5


if __name__ == "__main__":
    sys.exit(main())
