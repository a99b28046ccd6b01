"""The set-up: stamp, repair, and plain words about what is missing."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from codef_nodes import bootstrap
from codef_nodes.bootstrap import House

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A small checkout with an environment that has no packages."""
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    for package in ("codef_nodes", "engine/kernels"):
        (tmp_path / package).mkdir(parents=True)
    shutil.copy(ROOT / "codef_nodes" / "bootstrap.py", tmp_path / "codef_nodes")
    (tmp_path / "codef_nodes" / "__init__.py").write_text("")
    (tmp_path / "engine" / "kernels" / "one.py").write_text("a = 1\n")
    made = House(tmp_path)
    venv.create(made.venv, with_pip=False, symlinks=sys.platform != "win32")
    made.codef.write_text("")
    return made


def test_a_fresh_checkout_is_not_ready(house: House) -> None:
    assert not house.packages_ready()
    assert not house.kernels_ready()


def test_a_finished_set_up_is_recognised_and_does_nothing(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.write_stamp(house.digests())
    assert bootstrap.set_up(house, install=False) == 0
    assert capsys.readouterr().out == "set-up: up to date\n"


@pytest.mark.parametrize(
    "changed", ["pyproject.toml", "constraints.txt", "codef_nodes/bootstrap.py", ".venv/pyvenv.cfg"]
)
def test_what_the_packages_depend_on_makes_the_stamp_void(house: House, changed: str) -> None:
    house.write_stamp(house.digests())
    assert house.packages_ready()
    path = house.root / changed
    path.write_text(path.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert not house.packages_ready()
    assert house.kernels_ready()


def test_a_changed_kernel_asks_for_kernels_only(house: House) -> None:
    house.write_stamp(house.digests())
    (house.root / "engine" / "kernels" / "one.py").write_text("a = 2\n")
    assert house.packages_ready()
    assert not house.kernels_ready()


def test_a_moved_checkout_is_not_ready(house: House, tmp_path: Path) -> None:
    house.write_stamp(house.digests())
    moved = tmp_path / "moved"
    shutil.copytree(house.root, moved, symlinks=True, ignore=shutil.ignore_patterns("moved"))
    assert not House(moved).packages_ready()


def test_a_garbled_stamp_counts_as_none(house: House) -> None:
    house.stamp.write_text('{"packages": ')
    assert house.stamped() == {}


def test_a_package_without_record_is_installed_again(house: House) -> None:
    packages = next(house.venv.glob("lib/python*/site-packages"), house.venv / "Lib/site-packages")
    for name, files in (("whole-1.0", ["METADATA", "RECORD"]), ("killed-2.0", ["METADATA"])):
        folder = packages / f"{name}.dist-info"
        folder.mkdir()
        for file in files:
            (folder / file).write_text("")
    assert bootstrap.drop_half_installed(house.venv) == ["killed-2.0.dist-info"]
    assert (packages / "whole-1.0.dist-info").is_dir()
    assert not (packages / "killed-2.0.dist-info").exists()


def test_missing_libraries_are_named_with_what_to_type(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = ("libcodef_absent.so.9", "libcodef-absent9", "a test")
    monkeypatch.setattr(bootstrap, "LIBRARIES", (absent,))
    monkeypatch.setattr(sys, "platform", "linux")
    assert bootstrap.system_libraries(install=False) is False
    told = capsys.readouterr().out
    assert "libcodef_absent.so.9" in told and "libcodef-absent9" in told


def test_check_tells_what_is_missing_and_changes_nothing(house: House) -> None:
    before = sorted(p for p in house.root.rglob("*") if "__pycache__" not in p.parts)
    command = [sys.executable, "-m", "codef_nodes.bootstrap", "--check"]
    done = subprocess.run(command, cwd=house.root, capture_output=True, text=True)
    assert done.returncode == 1
    assert "packages: to be installed" in done.stdout
    assert sorted(p for p in house.root.rglob("*") if "__pycache__" not in p.parts) == before


def test_requirements_hold_the_program_and_its_tests() -> None:
    asked = bootstrap.requirements(ROOT)
    assert "torch==2.13.0" in asked
    assert any(text.startswith("pytest") for text in asked)


def test_what_only_tests_need_is_asked_for_apart() -> None:
    asked = bootstrap.requirements_of_tests(ROOT)
    assert [text.partition(";")[0] for text in asked] == ["triton==3.7.1"]
    assert not any("triton" in text for text in bootstrap.requirements(ROOT))
    assert "triton==3.7.1" in (ROOT / "constraints.txt").read_text("utf-8").splitlines()


def test_tests_are_run_also_where_that_cannot_be_had(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    house.write_stamp(house.digests())
    bootstrap.install_test_packages(house)  # this environment has no pip
    assert "those tests will be skipped" in capfd.readouterr().out
    assert "tests" not in house.stamped()
    house.write_stamp({**house.stamped(), "tests": house.digests()["packages"]})
    bootstrap.install_test_packages(house)
    assert capfd.readouterr().out == "", "it is there: nothing is asked"
    house.stamp.unlink()
    bootstrap.install_test_packages(house)
    assert capfd.readouterr().out == "", "nothing is installed into what is not set up"


def test_clean_removes_what_was_built_and_keeps_the_environment(house: House) -> None:
    (house.root / "build" / "demo").mkdir(parents=True)
    (house.root / "engine" / "__pycache__").mkdir()
    assert bootstrap.clean(house) == 0
    assert not (house.root / "build").exists()
    assert not (house.root / "engine" / "__pycache__").exists()
    assert house.python.exists()
