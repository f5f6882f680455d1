"""A container as a process: its environment, its scratch volumes, its log lines, its signals.

A container's mount points become folders of this machine, so an environment value that is a mount point's path, or lies
below one, is rewritten to the folder. The root file system is not read-only and the network is not the VPC's, which
needs a container runtime.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.clock import Clock

from . import images

DEFAULT_STOP_SECONDS = 30.0
"""Between SIGTERM and SIGKILL, where a container definition has no stopTimeout."""
HANDED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Started:
    """A process that runs."""

    process: subprocess.Popen[str]
    lines: queue.Queue[str | None]
    """What it writes, line by line; None when there is no more."""
    folder: Path
    variables: Mapping[str, str]
    """The process's environment."""


def on_this_machine(words: Sequence[str]) -> list[str]:
    """The words of a command with this Python in the place of the image's."""
    first, *rest = words
    return [sys.executable if first in ("python", "python3") else first, *rest]


def start(
    image: images.Image,
    definition: Mapping[str, Any],
    override: Mapping[str, Any],
    platform_variables: Mapping[str, str],
) -> Started:
    """Starts the container's process; `platform_variables` is what the platform adds to its environment.

    Raises `images.ImageError`.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"batch-sandbox-{definition['name']}-"))
    mounts = {
        point["containerPath"]: folder / f"volume{n}" for n, point in enumerate(definition.get("mountPoints", []))
    }
    for volume in mounts.values():
        volume.mkdir()
    defined = {pair["name"]: pair["value"] for pair in definition.get("environment", [])}
    overridden = {pair["name"]: pair["value"] for pair in override.get("environment", [])}
    variables = {
        **{name: os.environ[name] for name in HANDED_ON if name in os.environ},
        **{name: value for name, value in image.environment.items() if name != "PYTHONPATH"},
        "HOME": next((str(volume) for volume in mounts.values()), str(folder)),
        **defined,
        **overridden,
        **platform_variables,
    }
    words = image.process(definition.get("entryPoint"), override.get("command") or definition.get("command"))
    if not words:
        raise images.ImageError(f"{image.dockerfile} has neither ENTRYPOINT nor CMD, and the container no command")
    variables = {name: _moved(value, mounts) for name, value in variables.items()}
    process = subprocess.Popen(
        on_this_machine(words),
        env=variables,
        cwd=next(iter(mounts.values()), folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    return Started(process, lines, folder, variables)


def stop(started: Started, seconds: float, clock: Clock) -> None:
    """SIGTERM, and SIGKILL when the process still runs after so many of the account's seconds."""
    _signal(started.process, signal.SIGTERM)
    clock.sleep(seconds, lambda: started.process.poll() is not None)
    if started.process.poll() is None:
        _signal(started.process, signal.SIGKILL)


def exit_code(started: Started) -> int:
    """As a container runtime gives it: 128 and the signal's number for a process that a signal ended."""
    code = started.process.wait()
    return 128 - code if code < 0 else code


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None, "started with a pipe"
    for line in process.stdout:
        lines.put(line.rstrip("\n"))
    lines.put(None)


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def _moved(value: str, mounts: Mapping[str, Path]) -> str:
    for path, volume in mounts.items():
        if value == path or value.startswith(f"{path}/"):
            return f"{volume}{value[len(path) :]}"
    return value
