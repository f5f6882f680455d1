"""setup.py tells uv what pip knows, is never silent for long, and refuses a Python that the lock is not made for.

That a machine with nothing but Python gets a working `make preview` is shown by .ci/run on a clean checkout.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tooling.conftest import ROOT
from tooling.scripts import setup


class TestWhereUvLooks:
    @pytest.fixture(autouse=True)
    def no_settings(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for variable in setup.PIP_TO_UV.values():
            monkeypatch.delenv(variable, raising=False)

    def test_as_pip_is_told(self) -> None:
        listed = "global.index-url='https://mirror.example/simple'\n:env:.find-links='/a\\n/b'\n:env:.timeout='180'"
        variables = setup.uv_variables(listed)
        assert variables["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
        assert variables["UV_FIND_LINKS"] == "/a /b"

    def test_the_environment_counts_more_than_a_file(self) -> None:
        listed = "global.index-url='https://file.example'\n:env:.index-url='https://environment.example'"
        assert setup.uv_variables(listed)["UV_DEFAULT_INDEX"] == "https://environment.example"

    def test_uvs_own_variables_count_most(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example")
        assert setup.uv_variables(":env:.index-url='https://pip.example'")["UV_DEFAULT_INDEX"] == "https://uv.example"

    def test_the_words_are_those_of_this_machines_pip(self) -> None:
        listed = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"],
            env={"PATH": "/usr/bin", "PIP_INDEX_URL": "https://pip.example/simple"},
            capture_output=True,
            text=True,
            check=False,
        )
        if listed.returncode:
            pytest.skip("this environment has no pip: its words are not checked")
        assert setup.uv_variables(listed.stdout)["UV_DEFAULT_INDEX"] == "https://pip.example/simple"


class TestACopiedEnvironment:
    """`pulumi new PATH` copies `.venv` too, whose programs are those of the folder it was made in."""

    def test_it_says_where_it_was_made(self, tmp_path: Path) -> None:
        environment = tmp_path / "a" / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
        assert setup.created_in(environment) == environment
        copied = tmp_path / "b" / ".venv"
        shutil.copytree(environment, copied, symlinks=True)
        assert setup.created_in(copied) == environment

    def test_one_that_does_not_say_is_kept(self, tmp_path: Path) -> None:
        (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\nuv = 0.9\n")
        assert setup.created_in(tmp_path) is None
        assert setup.created_in(tmp_path / "absent") is None

    def test_make_sets_it_up_again(self, tmp_path: Path) -> None:
        """The marker of a finished set-up names the folder, so that a copied one does not count."""

        def marker(folder: Path) -> str:
            shutil.copytree(ROOT / "tooling" / "scripts", folder / "tooling" / "scripts")
            for name in ("Makefile", "uv.lock"):
                shutil.copy(ROOT / name, folder / name)
            printed = subprocess.run(
                ["make", "--dry-run", "preview"], cwd=folder, capture_output=True, text=True, check=True
            ).stdout
            (line,) = [line for line in printed.splitlines() if "setup.py run" in line]
            return line.rpartition("touch ")[2]

        assert marker(tmp_path / "a") != marker(tmp_path / "b")


def test_something_is_said_at_least_every_five_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert setup.HEARTBEAT_SECONDS < 5
    monkeypatch.setattr(setup, "HEARTBEAT_SECONDS", 0.05)
    with setup.step("waiting"):
        time.sleep(0.3)
    assert len(capsys.readouterr().out.splitlines()) > 2


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 14, 0)])
def test_another_python_is_refused(monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit, match=r"Python 3\.11 to 3\.13 is needed, this is 3\.\d+\. .*PYTHON="):
        setup.main("run")


def test_the_versions_are_those_of_the_project() -> None:
    requires_python = re.search(r'requires-python = ">=([\d.]+),<([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert requires_python
    oldest, above = (tuple(map(int, text.split("."))) for text in requires_python.groups())
    assert (oldest, above) == (setup.OLDEST, (setup.NEWEST[0], setup.NEWEST[1] + 1))


def test_a_failing_command_is_one_message() -> None:
    with pytest.raises(SystemExit, match=r"(?s)no such thing.*PIP_INDEX_URL"):
        setup.run([sys.executable, "-c", "import sys; sys.exit('no such thing')"])


def test_uv_itself_is_pinned_by_hash() -> None:
    pin = Path(ROOT, "tooling", "scripts", "uv.txt").read_text()
    assert re.search(r"^uv==\d+\.\d+\.\d+ ", pin, re.MULTILINE)
    assert pin.count("--hash=sha256:") > 10
