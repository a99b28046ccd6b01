"""Sets the program up: ``python3 -m codef_nodes.bootstrap``.

Runs before anything is installed, so it uses the standard library only, and the part that looks
for a newer Python is written so that an older one can read it. A second run does nothing but
compare a stamp, which is written last: a set-up that was killed is finished by the next run.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
LIBRARIES = (  # file to load, Debian package, what needs it
    ("libgomp.so.1", "libgomp1", "parallel kernels"),
    ("libglib-2.0.so.0", "libglib2.0-0", "the window"),
    ("libGL.so.1", "libgl1", "the window"),
    ("libEGL.so.1", "libegl1", "the window"),
    ("libxkbcommon.so.0", "libxkbcommon0", "the window"),
    ("libfontconfig.so.1", "libfontconfig1", "the window"),
    ("libdbus-1.so.3", "libdbus-1-3", "the window"),
    ("libxcb-cursor.so.0", "libxcb-cursor0", "the window on X11"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "the window on X11"),
    ("libxcb-icccm.so.4", "libxcb-icccm4", "the window on X11"),
    ("libxcb-keysyms.so.1", "libxcb-keysyms1", "the window on X11"),
    ("libxcb-shape.so.0", "libxcb-shape0", "the window on X11"),
)
SMOKE = "import numpy, torch, numba, cv2, OpenImageIO, PyOpenColorIO, av, PySide6.QtCore"
BUILT = ("build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")


class SetupError(Exception):
    """The set-up cannot go on; the message says what to do."""


def say(text: str) -> None:
    """One plain line, at once (a log shows it while the work goes on)."""
    print(text, flush=True)


class House:
    """The checkout and its virtual environment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.stamp = self.venv / "codef-setup.json"
        scripts = self.venv / ("Scripts" if os.name == "nt" else "bin")
        suffix = ".exe" if os.name == "nt" else ""
        self.python = scripts / f"python{suffix}"
        self.codef = scripts / f"codef{suffix}"

    def digests(self) -> dict[str, str]:
        """What the set-up depends on: ``packages`` and ``kernels``."""
        packages = hashlib.sha256(f"{self.root} {sys.platform}".encode())
        config = self.venv / "pyvenv.cfg"
        for path in (
            self.root / "pyproject.toml",
            self.root / "constraints.txt",
            self.root / "codef_nodes" / "bootstrap.py",
            config,
        ):
            packages.update(path.read_bytes() if path.is_file() else b"absent")
        kernels = hashlib.sha256()
        for path in sorted((self.root / "engine" / "kernels").glob("*.py")):
            kernels.update(path.name.encode() + path.read_bytes())
        return {"packages": packages.hexdigest(), "kernels": kernels.hexdigest()}

    def stamped(self) -> dict[str, str]:
        """The digests of the last set-up that finished; empty when there is none."""
        try:
            found = json.loads(self.stamp.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_stamp(self, digests: dict[str, str]) -> None:
        """Notes a finished set-up; the file is replaced whole."""
        part = self.stamp.with_suffix(".part")
        part.write_text(json.dumps(digests), "utf-8")
        os.replace(part, self.stamp)

    def packages_ready(self) -> bool:
        """Whether the packages of this very checkout are in place."""
        built = self.python.exists() and self.codef.exists()
        return built and self.stamped().get("packages") == self.digests()["packages"]

    def kernels_ready(self) -> bool:
        """Whether the kernels were compiled as they are now."""
        return self.stamped().get("kernels") == self.digests()["kernels"]

    def tests_ready(self) -> bool:
        """Whether what only tests need was installed into this set-up."""
        return self.stamped().get("tests") == self.digests()["packages"]


def newer_python() -> str | None:
    """A Python on the search path that is new enough, or None."""
    probe = "import sys; print(sys.version_info[:2] >= (3, 11))"
    for name in ("python3.13", "python3.12", "python3.11", "python3.14", "python3", "python"):
        found = shutil.which(name)
        if found is None:
            continue
        try:
            answer = subprocess.run([found, "-c", probe], stdout=subprocess.PIPE, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.returncode == 0 and answer.stdout.strip() == b"True":
            return found
    return None


def root_prefix() -> list[str] | None:
    """What to put before a command that needs root; None when we may not."""
    if os.name != "posix" or shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def apt_install(packages: list[str]) -> bool:
    """Installs Debian packages when we may. True: they are installed."""
    prefix = root_prefix()
    if prefix is None:
        return False
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    say(f"set-up: installing system packages: {' '.join(packages)}")
    # A stale package list makes the install fail with "not found", so it is refreshed first; when
    # that fails (no network), the list that is there may still do.
    subprocess.run([*apt, "update"], stdout=subprocess.DEVNULL)
    command = [*apt, "install", "-y", "--no-install-recommends", *packages]
    return subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0


def missing_libraries() -> list[tuple[str, str, str]]:
    """The entries of ``LIBRARIES`` that this machine cannot load; Linux only."""
    missing = []
    if sys.platform.startswith("linux"):
        for entry in LIBRARIES:
            try:
                ctypes.CDLL(entry[0])
            except OSError:
                missing.append(entry)
    return missing


def system_libraries(install: bool) -> bool:
    """Sees to the system libraries; says what to type where it may not. True: all are there."""
    missing = missing_libraries()
    if not missing:
        return True
    if install and apt_install([package for _, package, _ in missing]):
        missing = missing_libraries()
        if not missing:
            return True
    say("set-up: these system libraries are missing:")
    for file, package, purpose in missing:
        say(f"  {file:24} {package:20} for {purpose}")
    names = " ".join(package for _, package, _ in missing)
    if shutil.which("apt-get"):
        say(f"  type: sudo apt-get update && sudo apt-get install -y {names}")
    else:
        say("  install them with the package manager of your system (names as in Debian)")
    say("  the command line works without those of the window")
    return False


def make_venv(house: House, install: bool) -> None:
    """Makes ``.venv`` unless a working one is there."""
    if house.python.exists():
        probe = "import pip, sys; print(sys.version_info[:2] >= (3, 11), sys.prefix)"
        answer = subprocess.run([house.python, "-c", probe], capture_output=True, text=True)
        works, _, prefix = answer.stdout.strip().partition(" ")
        if works == "True" and prefix and Path(prefix).resolve() == house.venv.resolve():
            return
        say("set-up: .venv is broken or was moved; making it again")
    if house.venv.exists():
        shutil.rmtree(house.venv)
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        # Debian and Ubuntu split these two out of Python.
        package = f"python3.{sys.version_info[1]}-venv"
        if not (install and apt_install([package])):
            raise SetupError(
                f"this Python ({sys.executable}) cannot make virtual environments; "
                f"type: sudo apt-get install -y {package}   and run this again"
            )
    say(f"set-up: making .venv with Python {platform.python_version()}")
    made = subprocess.run([sys.executable, "-m", "venv", str(house.venv)])
    if made.returncode != 0 or not house.python.exists():
        raise SetupError(
            f"{sys.executable} -m venv {house.venv} failed; "
            "on Debian or Ubuntu type: sudo apt-get install -y python3-venv   and run this again"
        )


def drop_half_installed(venv: Path) -> list[str]:
    """Forgets packages whose installation was killed, so that pip installs them again.

    pip writes RECORD after all other files of a package: without it the package is not whole, yet
    pip would take it for installed.
    """
    dropped = []
    for pattern in ("lib/python*/site-packages/*.dist-info", "Lib/site-packages/*.dist-info"):
        for folder in venv.glob(pattern):
            if not (folder / "RECORD").is_file():
                shutil.rmtree(folder)
                dropped.append(folder.name)
    return sorted(set(dropped))


def requirements(root: Path) -> list[str]:
    """What ``pyproject.toml`` asks for, the ``dev`` extra included."""
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dev"], "setuptools>=77"]


def requirements_of_tests(root: Path) -> list[str]:
    """What only some tests need: the ``gpu`` extra, whose kernels they run on an interpreter."""
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    extra: list[str] = project["optional-dependencies"]["gpu"]
    return extra


def has_nvidia_driver() -> bool:
    """Whether an NVIDIA driver seems to be there (nothing is started)."""
    return Path("/proc/driver/nvidia/version").exists() or bool(shutil.which("nvidia-smi"))


def pip(house: House, arguments: list[str]) -> None:
    """Runs pip in ``.venv`` and shows the lines that a waiting person wants to see.

    Raises:
        SetupError: pip failed.
    """
    command = [str(house.python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    wanted = re.compile(r"^\s*(Downloading \S{3,}|Installing collected|Building)")
    with subprocess.Popen(
        # Python compiles what is used when it is first used: a third of it, by several processes.
        [*command, "install", "--progress-bar", "off", "--no-compile", *arguments],
        cwd=house.root,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            for line in process.stdout or ():
                if wanted.match(line):
                    text = line.strip()
                    say("  " + (text if len(text) < 90 else text[:87] + "..."))
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
    if code != 0:
        raise SetupError(
            "pip could not install the packages (its message is above); check the network and "
            "the free disk space (about 2 GB without CUDA) and run this again"
        )


def install_packages(house: House) -> None:
    """Installs the pinned packages and the program itself, editable."""
    house.stamp.unlink(missing_ok=True)
    for name in drop_half_installed(house.venv):
        say(f"set-up: {name} was half installed; installing it again")
    index = os.environ.get("TORCH_INDEX", "").strip()
    extra = ["--extra-index-url", index] if index else []
    has_torch = any(house.venv.glob("lib/python*/site-packages/torch-*.dist-info"))
    if not (index or has_torch or has_nvidia_driver()) and sys.platform.startswith("linux"):
        say(
            "set-up: no NVIDIA driver here. Should pip fetch the CUDA build of torch below (2.7 GB "
            "with its libraries),\n  stop with Ctrl-C and take the CPU build (0.2 GB):  "
            f"make setup TORCH_INDEX={CPU_WHEELS}"
        )
    say("set-up: installing packages (torch and Qt are the large ones)")
    constraints = ["--constraint", str(house.root / "constraints.txt")]
    pip(house, ["--only-binary", ":all:", *constraints, *extra, *requirements(house.root)])
    pip(house, ["--no-deps", "--no-build-isolation", "--editable", str(house.root)])
    smoke = subprocess.run([house.python, "-c", SMOKE], capture_output=True, text=True)
    if smoke.returncode != 0:
        last = (smoke.stderr.strip().splitlines() or ["no message"])[-1]
        raise SetupError(
            f"the packages are installed but do not start ({last}); see the system libraries "
            "above; if none is missing, delete the folder .venv and run this again"
        )


def install_test_packages(house: House) -> None:
    """Installs what only tests need, into a finished set-up.

    Without it they are skipped and say so, so it may fail.
    """
    if not house.packages_ready() or house.tests_ready():
        return
    say("set-up: installing what the tests of the GPU kernels need (0.2 GB to fetch)")
    constraints = ["--constraint", str(house.root / "constraints.txt")]
    try:
        pip(house, ["--only-binary", ":all:", *constraints, *requirements_of_tests(house.root)])
    except SetupError:
        say("set-up: it could not be installed; those tests will be skipped")
        return
    house.write_stamp({**house.stamped(), "tests": house.digests()["packages"]})


def warm_kernels(house: House) -> bool:
    """Compiles the numba kernels into their cache. True: done, or nothing to do."""
    if not (house.root / "engine" / "kernels" / "warm.py").is_file():
        return True
    say("set-up: compiling kernels into their cache")
    command = [str(house.python), "-m", "engine.kernels.warm"]
    if subprocess.run(command, cwd=house.root).returncode != 0:
        say("set-up: the kernels did not compile (message above); they compile at first use")
        return False
    return True


def set_up(house: House, install: bool, kernels: bool = True) -> int:
    """Brings the checkout up to date, the kernels too if wanted; fast when it is."""
    if house.packages_ready() and (house.kernels_ready() or not kernels):
        say("set-up: up to date")
        return 0
    if not house.packages_ready():
        system_libraries(install)
        make_venv(house, install)
        install_packages(house)
        done = {"packages": house.digests()["packages"], "kernels": ""}
    else:
        done = house.stamped()
    if kernels and warm_kernels(house):
        done["kernels"] = house.digests()["kernels"]
    house.write_stamp(done)
    say(f"set-up: done; the program is {house.codef}")
    return 0


def check(house: House) -> int:
    """Says what a set-up would do, and changes nothing."""
    ready = house.packages_ready()
    say(f"packages: {'up to date' if ready else 'to be installed'}")
    kernels = ready and house.kernels_ready()
    say(f"kernels: {'compiled' if kernels else 'to be compiled'}")
    libraries = system_libraries(install=False)
    if libraries:
        say("system libraries: all there")
    return 0 if ready and kernels else 1


def clean(house: House) -> int:
    """Removes what was built; ``.venv`` and the user's cache stay."""
    for folder in [house.root / name for name in BUILT]:
        shutil.rmtree(folder, ignore_errors=True)
    for top in ("codef_nodes", "engine", "gui", "presets", "tests", "benchmarks"):
        for folder in list((house.root / top).rglob("__pycache__")):
            shutil.rmtree(folder, ignore_errors=True)
    if house.stamped():
        house.write_stamp({**house.stamped(), "kernels": ""})
    return 0


def main(argv: list[str] | None = None) -> int:
    """Runs the set-up and returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m codef_nodes.bootstrap", description=__doc__)
    parser.add_argument("--check", action="store_true", help="say what is missing, change nothing")
    parser.add_argument("--clean", action="store_true", help="remove what was built")
    parser.add_argument(
        "--no-system", action="store_true", help="never install system packages, only name them"
    )
    parser.add_argument(
        "--packages", action="store_true", help="leave the kernels to whoever comes next"
    )
    parser.add_argument("--tests", action="store_true", help="also what only tests need")
    options = parser.parse_args(argv)
    house = House(Path(__file__).resolve().parent.parent)
    if options.clean:
        return clean(house)
    if tuple(sys.version_info[:2]) < OLDEST:
        found = newer_python()
        if found is None:
            say(
                f"set-up: Python 3.11 or newer is needed, this is {platform.python_version()}; "
                "install one (Debian, Ubuntu: sudo apt-get install -y python3.11 python3.11-venv; "
                "others: https://www.python.org/downloads) and run this again"
            )
            return 1
        arguments = sys.argv[1:] if argv is None else argv
        command = [found, "-m", "codef_nodes.bootstrap", *arguments]
        return subprocess.run(command, cwd=house.root).returncode
    try:
        if options.check:
            return check(house)
        code = set_up(house, not options.no_system, not options.packages)
        if options.tests:
            install_test_packages(house)
        return code
    except SetupError as error:
        say(f"set-up: {error}")
        return 1
    except KeyboardInterrupt:
        say("set-up: stopped; the next run goes on from here")
        return 5


if __name__ == "__main__":
    sys.exit(main())
