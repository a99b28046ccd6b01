"""codef install-plugin: what it puts where, and that a person's menu.py is safe."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from codef_nodes.cli.app import run
from codef_nodes.cli.install_plugin import LINE, ROOT

OWN = "import nuke\nnuke.knobDefault('Blur.size', '3')"


def installed(home, *more):
    return run(["install-plugin", "nuke", "--path", str(home), *more])


@pytest.fixture
def home(tmp_path):
    """A folder of Nuke's with a name that a person may have given it."""
    folder = tmp_path / "Nükes Ordner"
    folder.mkdir()
    return folder


def test_the_client_lies_there_with_the_program_that_it_belongs_to(home, capsys):
    assert installed(home, "--json") == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    folder = Path(answer["folder"])
    assert folder == home / "codef_nuke" and answer["line"] == LINE
    assert (folder / "plugin.py").read_bytes() == (ROOT / "plugin.py").read_bytes()
    known = json.loads((folder / "codef.json").read_text())
    assert known["command"][0] == sys.executable
    assert not [each for each in home.rglob("*") if "__pycache__" in each.parts]
    assert not (home / "init.py").exists()


def test_the_installed_client_reaches_the_program_from_anywhere(home, tmp_path):
    assert installed(home) == 0
    words = (
        f"import sys; sys.path.insert(0, {str(home / 'codef_nuke')!r})\n"
        "import plugin\n"
        "worker = plugin.Worker()\n"
        "print(worker.request('status').wait(60)['role'])\n"
        "worker.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", words],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "all\n", done.stderr


def test_without_a_menu_py_one_is_made(home, capsys):
    assert installed(home) == 0
    assert (home / "menu.py").read_text() == LINE + "\n"
    said = capsys.readouterr().err
    assert LINE in said and "next: start Nuke again" in said


def test_a_menu_py_that_is_there_is_kept_and_the_line_is_shown(home, capsys):
    (home / "menu.py").write_text(OWN)
    (home / "menu.py").chmod(0o640)
    assert installed(home) == 0
    said = capsys.readouterr().err
    assert f"added to {home / 'menu.py'}: {LINE}" in said and "menu.py.before-codef" in said
    assert (home / "menu.py.before-codef").read_text() == OWN
    assert (home / "menu.py").read_text() == f"{OWN}\n{LINE}\n"
    assert (home / "menu.py").stat().st_mode & 0o777 == 0o640


def test_installing_again_adds_no_second_line_and_no_second_backup(home):
    (home / "menu.py").write_text(OWN + "\n")
    assert installed(home) == installed(home) == 0
    assert (home / "menu.py").read_text().count(LINE) == 1
    assert len(list(home.glob("menu.py.before-codef*"))) == 1


def test_windows_line_ends_stay(home):
    (home / "menu.py").write_bytes(b"import nuke\r\n")
    assert installed(home) == 0
    assert (home / "menu.py").read_bytes() == f"import nuke\r\n{LINE}\r\n".encode()


def test_no_menu_leaves_the_file_alone_and_only_shows_the_line(home, capsys):
    (home / "menu.py").write_text(OWN)
    assert installed(home, "--no-menu") == 0
    assert (home / "menu.py").read_text() == OWN and not list(home.glob("*.before-codef"))
    assert f"next: add this line to {home / 'menu.py'}: {LINE}" in capsys.readouterr().err


def test_a_menu_py_that_is_no_text_is_not_touched(home, capsys):
    (home / "menu.py").write_bytes(b"\xff\xfe\x00")
    assert installed(home) == 3
    assert (home / "menu.py").read_bytes() == b"\xff\xfe\x00"
    assert LINE in capsys.readouterr().err


def test_remove_takes_away_what_was_put_there_and_nothing_else(home):
    (home / "menu.py").write_text(OWN + "\n")
    (home / "mine.py").write_text("x = 1\n")
    assert installed(home) == 0 and installed(home, "--remove") == 0
    assert not (home / "codef_nuke").exists() and (home / "mine.py").exists()
    assert (home / "menu.py").read_text() == OWN + "\n"
    assert installed(home, "--remove") == 0, "removing what is not there is no error"


def test_a_menu_py_that_we_made_goes_with_the_rest(home):
    assert installed(home) == 0 and installed(home, "--remove") == 0
    assert not (home / "menu.py").exists()


@pytest.mark.parametrize("more", [(), ("--remove",)])
def test_a_folder_of_that_name_that_is_none_of_ours_is_refused(home, capsys, more):
    (home / "codef_nuke").mkdir()
    (home / "codef_nuke" / "theirs.py").write_text("x = 1\n")
    assert installed(home, *more) == 2
    assert (home / "codef_nuke" / "theirs.py").exists() and not (home / "menu.py").exists()
    assert "move it away" in capsys.readouterr().err


def test_the_blender_extension_lies_in_the_newest_blender(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert run(["install-plugin", "blender"]) == 3
    assert "--path" in capsys.readouterr().err
    for version in ("3.6", "4.2", "5.0", "config"):
        (tmp_path / "blender" / version).mkdir(parents=True)
    assert run(["install-plugin", "blender"]) == 0
    folder = tmp_path / "blender/5.0/extensions/user_default/codef_nodes"
    assert {"__init__.py", "blender_manifest.toml", "plugin.py", "codef.json"} <= {
        each.name for each in folder.iterdir()
    }
    assert run(["install-plugin", "blender", "--remove"]) == 0
    assert not folder.exists()


def test_an_unknown_host_is_bad_usage(capsys):
    assert run(["install-plugin", "fusion"]) == 2
