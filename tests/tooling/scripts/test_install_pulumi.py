"""The CLI is installed only when it is byte for byte what is pinned."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.tooling.conftest import ROOT

MACHINES = {"x86_64": "x64", "aarch64": "arm64"}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A folder that looks like GitHub's downloads, with an archive for each machine and matching pins beside it."""
    script = b"#!/bin/sh\necho v9.9.9\n"
    (tmp_path / "tooling" / "scripts").mkdir(parents=True)
    pins = []
    for machine in MACHINES.values():
        archive = tmp_path / "v9.9.9" / f"pulumi-v9.9.9-linux-{machine}.tar.gz"
        archive.parent.mkdir(exist_ok=True)
        with tarfile.open(archive, "w:gz") as tar:
            entry = tarfile.TarInfo("pulumi/pulumi")
            entry.size, entry.mode = len(script), 0o755
            tar.addfile(entry, io.BytesIO(script))
        pins.append(f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}")
    (tmp_path / "tooling" / "scripts" / "pulumi-cli.sha256").write_text("\n".join(pins) + "\n")
    return tmp_path


def install(folder: Path) -> subprocess.CompletedProcess[str]:
    """Sources the script as the buildspecs do, and asks for the version."""
    command = f"set -e; . {ROOT}/tooling/scripts/install_pulumi.sh; pulumi version"
    variables = {"HOME": str(folder / "home"), "PATH": "/usr/bin:/bin", "PULUMI_DOWNLOADS": folder.as_uri()}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=variables, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_pinned_archive_is_put_on_path(release: Path) -> None:
    done = install(release)
    assert (done.returncode, done.stdout) == (0, "v9.9.9\n"), done.stderr


def test_a_second_time_nothing_is_downloaded(release: Path) -> None:
    install(release)
    for archive in (release / "v9.9.9").glob("*"):
        archive.unlink()
    assert install(release).stdout == "v9.9.9\n"


def test_other_bytes_are_refused_and_left_nowhere(release: Path) -> None:
    for archive in (release / "v9.9.9").glob("*"):
        archive.write_bytes(archive.read_bytes() + b"\0")
    done = install(release)
    assert done.returncode != 0
    assert "is not what tooling/scripts/pulumi-cli.sha256 pins" in done.stderr
    assert not list((release / "home").rglob("pulumi*.tar.gz"))
    assert not list((release / "home").rglob("pulumi/pulumi"))


def test_the_pins_name_one_version_for_both_machines() -> None:
    lines = (ROOT / "tooling" / "scripts" / "pulumi-cli.sha256").read_text().splitlines()
    matches = [
        re.fullmatch(r"([0-9a-f]{64})  pulumi-(v\d+\.\d+\.\d+)-linux-(x64|arm64)\.tar\.gz", line) for line in lines
    ]
    assert all(matches) and len(matches) == len(MACHINES)
    assert {match[3] for match in matches if match} == set(MACHINES.values())
    assert len({match[2] for match in matches if match}) == 1


def test_this_machine_is_one_of_them() -> None:
    assert os.uname().machine in MACHINES
