"""The repository itself: targets, ignored files, sizes, presets, pins."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LARGEST = 200_000  # bytes of a committed file
TARGETS = ("setup", "demo", "test", "bench", "gui", "lint", "format", "clean")


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs git in the repository; skips the test where there is no git checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)


def recipes() -> dict[str, list[str]]:
    """Makefile targets with their command lines."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (ROOT / "Makefile").read_text("utf-8").splitlines():
        if match := re.match(r"([a-z-]+):(?!=)", line):
            name = match[1]
            found[name] = []
        elif line.startswith("\t") and name:
            found[name].append(line.strip().lstrip("@"))
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_is_commands_that_can_be_typed_without_make(target: str) -> None:
    commands = recipes()[target]
    assert 1 <= len(commands) <= 2
    for command in commands:
        assert re.match(r"\$\((PYTHON|VENV)\) -m (codef_nodes|benchmarks)\b", command)


def test_make_knows_the_modules_that_it_starts() -> None:
    for target in TARGETS:
        module = recipes()[target][0].split()[2].replace(".", "/")
        assert (ROOT / f"{module}.py").is_file() or (ROOT / module / "__main__.py").is_file(), (
            target
        )


@pytest.mark.parametrize(
    "path",
    [
        ".venv/bin/python",
        "build/demo/contact_sheet.png",
        "engine/kernels/__pycache__/hashgrid.cpython-311.pyc",
        "engine/kernels/__pycache__/hashgrid.f-1.py311.nbi",
        "codef_nodes.egg-info/PKG-INFO",
        ".mypy_cache/x",
        "half_written.exr.part",
    ],
)
def test_what_is_built_is_ignored(path: str) -> None:
    assert git("check-ignore", "--quiet", path).returncode == 0


def test_source_is_not_ignored() -> None:
    assert git("check-ignore", "--quiet", "engine/errors.py").returncode == 1


def test_no_large_file_is_committed() -> None:
    listed = git("ls-files", "-z").stdout.split("\0")
    paths = [ROOT / name for name in listed if name and (ROOT / name).is_file()]
    assert len(paths) > 10
    assert [str(p) for p in paths if p.stat().st_size > LARGEST] == []


def test_every_preset_parses() -> None:
    found = [p for p in (ROOT / "presets").rglob("*") if p.suffix in {".json", ".codef", ".toml"}]
    for path in found:
        text = path.read_text("utf-8")
        parsed = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
        assert parsed, path


def test_every_dependency_is_pinned_within_its_range() -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pins = {}
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            pins[canonicalize_name(name)] = version
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    asked += project["optional-dependencies"]["gpu"]
    for text in asked:
        requirement = Requirement(text)
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier, text
    assert pins["torch"] == "2.13.0"


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text and "END OF TERMS AND CONDITIONS" in text


def test_the_documents_link_to_files_that_exist() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []
