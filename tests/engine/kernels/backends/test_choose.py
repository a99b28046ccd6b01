"""Implementations are looked for when asked for, tried, and left out when they do not work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine.errors import DeviceError
from engine.kernels.backends import choose, compiled, plain
from engine.kernels.backends.interface import OPERATIONS
from engine.kernels.backends.trial import trial

ROOT = Path(__file__).parents[4]
CPU = torch.device("cpu")


def told(program: str, **environment: str) -> list[str]:
    """Lines that a program prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_importing_loads_no_implementation():
    program = (
        "import sys, engine.kernels.backends.choose, engine.kernels.hashgrid_network; "
        "print(sorted({'numba', 'triton', 'tinycudann'} & set(sys.modules)))"
    )
    assert told(program) == ["[]"]


def test_the_cpu_has_compiled_loops_and_the_products_of_torch():
    of = choose.kernels_for("cpu").of
    assert set(of) == set(OPERATIONS)
    assert of == {**dict.fromkeys(OPERATIONS, "numba"), "network": "torch", "merge": "torch"}
    assert choose.kernels_for("cpu").lattice is compiled.lattice


def test_one_can_be_put_first(monkeypatch):
    assert choose.kernels_for("cpu", "torch").encode is plain.encode
    monkeypatch.setenv("CODEF_KERNELS", "torch")
    assert choose.kernels_for("cpu").encode is plain.encode
    assert choose.kernels_for("cpu", "numba").of["encode"] == "numba"


def test_names_and_devices_that_do_not_exist_are_refused(monkeypatch):
    with pytest.raises(DeviceError, match=r"made for NVIDIA cards|not installed"):
        choose.kernels_for("cpu", "tinycudann")
    with pytest.raises(DeviceError, match="no kernels for 'meta'"):
        choose.kernels_for("meta")
    monkeypatch.setenv("CODEF_KERNELS", "abacus")
    with pytest.raises(DeviceError, match=r"'abacus'.*triton, tinycudann, numba, torch"):
        choose.kernels_for("cpu")


def package(folder: Path, name: str, body: str) -> None:
    """A package that pip would call installed."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(body)
    info = folder / f"{name}-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9\n")


def test_a_package_that_breaks_while_it_loads_is_told_and_left_out(tmp_path):
    # tinycudann itself raises while it is imported where it finds no card that it was built for.
    body = "import builtins, os\nraise getattr(builtins, os.environ['BREAKS'])('no card of 7.5')"
    package(tmp_path, "tinycudann", body)
    errors = ["OSError", "RuntimeError", "AttributeError", "ImportError"]
    program = (
        "import os\n"
        "from engine.kernels.backends.choose import find, kernels_for\n"
        f"for error in {errors}:\n"
        "    os.environ['BREAKS'] = error\n"
        "    find.cache_clear()\n"
        "    found = find('tinycudann', 'cuda')\n"
        "    print(found.version, bool(found.operations), found.problem)\n"
        "print(sorted(set(kernels_for('cuda').of.values()) - {'triton'}))\n"
    )
    *each, used = told(program, PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))
    assert each == ["9.9 False does not load: no card of 7.5"] * len(errors)
    assert used in ("['torch']", "[]")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card: its kernels work")
def test_kernels_that_fail_on_the_device_are_told_and_left_to_torch():
    program = (
        "from engine.kernels.backends.choose import find, kernels_for\n"
        "print(find('triton', 'cuda').problem)\n"
        "print(sorted(set(kernels_for('cuda').of.values())))\n"
    )
    problem, used = told(program)
    assert "fails with" in problem or problem == "not installed"
    assert used == "['torch']"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_trial_passes_what_works_and_stops_what_does_not(operation):
    right = getattr(plain, operation)
    assert trial(operation, right, CPU) == ""

    def wrong(*arguments, **options):
        found = right(*arguments, **options)
        if found is None:  # in place
            arguments[0].mul_(1.1)
        return None if found is None else found * 1.1

    def nothing(*arguments, **options):
        found = right(*arguments, **options)
        if found is None:
            arguments[0].fill_(torch.nan)
        return None if found is None else found * torch.nan

    def broken(*_, **__):
        raise RuntimeError("PTX of another card")

    assert "differs from plain torch by" in trial(operation, wrong, CPU)
    assert "differs from plain torch by nan" in trial(operation, nothing, CPU)
    assert trial(operation, broken, CPU) == "fails with RuntimeError (PTX of another card)"


def test_a_wrong_gradient_is_found_by_the_trial():
    def held(control, *rest):
        return plain.lattice(control, *rest) * 0.5 + plain.lattice(control.detach(), *rest) * 0.5

    assert "differs from plain torch by 0.5" in trial("lattice", held, CPU)
