"""Writes docs/first-hour.md: README's and docs/operations.md's commands, run in a clone against the sandbox.

`python tooling/scripts/first_hour.py [CLONE]` takes about a quarter of an hour; it needs `pulumi` with an aws plugin,
`aws` and Python. Everything is in a folder of its own, which is left for a look when a command fails. `--check` runs
nothing: it exits 1 when the committed page does not hold the commands that stand here.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "first-hour.md"
PORT: Final = 4577
SHOWN_LINES: Final = 14
"""Lines of a command's output that the page keeps, half from the beginning and half from the end."""
WIDTH: Final = 150


@dataclass(frozen=True)
class Step:
    """One thing a newcomer does."""

    title: str
    commands: tuple[str, ...]


PACK: Final = "--policy-pack policy --suppress-outputs --yes --non-interactive"
STEPS: Final = (
    Step("See what would be deployed", ("make preview",)),
    Step("A whole night on this machine", ("make demo",)),
    Step(
        "An AWS account on this machine",
        (f".venv/bin/batchctl sandbox up --port {PORT} >/dev/null", 'eval "$(.venv/bin/batchctl sandbox env)"'),
    ),
    Step(
        "What AWS would refuse",
        (
            ".venv/bin/batchctl doctor --preflight --stack dev",
            "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com >/dev/null",
        ),
    ),
    Step(
        "A state backend",
        (
            ".venv/bin/python tooling/scripts/bootstrap_state.py",
            "ACCOUNT=$(aws sts get-caller-identity --query Account --output text)",
            'pulumi login "s3://pulumi-state-$ACCOUNT-$AWS_REGION?region=$AWS_REGION"',
            'pulumi stack init dev --secrets-provider "awskms:///alias/pulumi-state?region=$AWS_REGION"',
        ),
    ),
    Step("Deploy", (f"pulumi up --stack dev {PACK}",)),
    Step(
        "Images, without Docker",
        (
            ".venv/bin/batchctl sandbox push data-ingestion risk-calculation report-generation",
            ".venv/bin/batchctl doctor --stack dev",
        ),
    ),
    Step(
        "A first night",
        (
            ".venv/bin/batchctl sample-night --out night --stack dev",
            "INPUT=$(pulumi stack output inputBucketName --stack dev)",
            "aws s3 cp --recursive night/ \"s3://$INPUT/\" --exclude '*manifest.json' --no-progress",
            "aws s3 cp --recursive night/ \"s3://$INPUT/\" --exclude '*' --include '*manifest.json' --no-progress",
            "until .venv/bin/batchctl status --stack dev --json | grep -q SUCCEEDED; do sleep 5; done",
            ".venv/bin/batchctl status --stack dev",
            'aws s3 ls --recursive "s3://$(pulumi stack output outputBucketName --stack dev)/reports/"',
            ".venv/bin/batchctl runs --stack dev",
            ".venv/bin/batchctl nights --stack dev --html nights.html",
        ),
    ),
    Step("Ask AWS, not Pulumi", (".venv/bin/batchctl verify --stack dev",)),
    Step(
        "Take it down",
        (
            "pulumi destroy --stack dev --yes --non-interactive --suppress-outputs",
            "pulumi stack rm dev --yes --non-interactive",
            ".venv/bin/python tooling/scripts/bootstrap_state.py --remove",
            ".venv/bin/batchctl sandbox down",
        ),
    ),
)
_HEAD: Final = """# The first hour

What a newcomer sees, from a clone to a report and back to nothing: the commands of [README](../README.md) and
[operations](operations.md), run by `python tooling/scripts/first_hour.py`, against the account that
`batchctl sandbox` emulates ([what it does not do](sandbox/sandbox.md)). Three commands differ from an account in
AWS: those that start and stop it, and `sandbox push`, which stands for `batchctl push` where there is no Docker.
Long output is cut where a line says so. Below each command are its seconds, where they were kept, and its longest
silence above five.
"""
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
_MARK: Final = "first-hour-command-ended"


class Shell:
    """One bash in the clone, as a person has it."""

    def __init__(self, folder: Path, log: Path) -> None:
        session = {"HOME": str(log.parent / "home"), "XDG_STATE_HOME": str(log.parent / "state"), "NO_COLOR": "1"}
        (log.parent / "home").mkdir()
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_", "XDG_"))
        }
        engine = {name: value for name, value in os.environ.items() if name in ("PULUMI_ENGINE_BIN", "PULUMI_HOME")}
        self._log = log.open("w")
        self._process = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env={**inherited, **engine, **session, "PULUMI_SKIP_UPDATE_CHECK": "true", "COLUMNS": str(WIDTH)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )

    def run(self, command: str) -> tuple[list[str], int, float, float]:
        """Lines, exit code, seconds, and the longest seconds without a line."""
        assert self._process.stdin and self._process.stdout
        self._log.write(f"$ {command}\n")
        self._process.stdin.write(f"{command}\necho {_MARK} $?\n")
        began = last = time.monotonic()
        lines: list[str] = []
        silence = 0.0
        for raw in self._process.stdout:
            now = time.monotonic()
            silence, last = max(silence, now - last), now
            line = _ESCAPES.sub("", raw.rstrip("\n"))
            self._log.write(f"{line}\n")
            self._log.flush()
            before, mark, code = line.partition(_MARK)
            if before.strip():
                lines.append(before.rstrip())
            if mark:
                return lines, int(code), now - began, silence
        raise RuntimeError(f"bash ended during {command!r}")

    def close(self) -> None:
        """Ends the shell."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(30)
        self._log.close()


def shortened(lines: list[str]) -> list[str]:
    """What the page keeps of an output; folders of this machine are left out."""
    cut = [line[:WIDTH] for line in lines]
    if len(cut) > SHOWN_LINES + 2:
        half = SHOWN_LINES // 2
        cut = [*cut[:half], f"… {len(cut) - 2 * half} lines …", *cut[-half:]]
    return cut


def page(results: list[tuple[Step, list[tuple[str, list[str], float, float]]]], total: float, *, fresh: bool) -> str:
    """The page, from what each step's commands printed."""
    clone = "a fresh clone" if fresh else "a clone whose packages were installed before"
    load = f"with {os.getloadavg()[2]:.0f} processes waiting for them on average"
    parts = [_HEAD, f"\nThis run took {total / 60:.0f} minutes in {clone}, on {os.cpu_count()} processors {load}.\n"]
    for number, (step, ran) in enumerate(results, 1):
        parts.append(f"\n## {number}. {step.title}\n")
        for command, lines, seconds, silence in ran:
            quiet = f", silent for {silence:.0f} s at most" if silence > 5 else ""
            body = "\n".join(["```console", f"$ {command}", *shortened(lines), "```"])
            took = "" if math.isnan(seconds) else f"\n{seconds:.0f} s{quiet}\n"
            parts.append(f"\n{body}\n{took}")
    return "".join(parts)


def problems(text: str) -> list[str]:
    """What is wrong with a page: each command stands in it once, in this order, and no other does."""
    there = re.findall(r"^\$ (.+)$", text, re.MULTILINE)
    commands = [command for step in STEPS for command in step.commands]
    if there == commands:
        return []
    missing = [command for command in commands if command not in there]
    return [f"docs/first-hour.md lacks `{command}`" for command in missing] or ["docs/first-hour.md has other commands"]


def main(used: Path | None) -> None:
    """Runs every step and writes the page; in a clone of its own, or in one that was `used` before."""
    base = Path(tempfile.mkdtemp(prefix="first-hour-"))
    clone = used or base / "batch-platform"
    if used is None:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    shell = Shell(clone, base / "log.txt")
    began = time.monotonic()
    results: list[tuple[Step, list[tuple[str, list[str], float, float]]]] = []
    for step in STEPS:
        ran = []
        for command in step.commands:
            print(f"$ {command}", flush=True)
            lines, code, seconds, silence = shell.run(command)
            if code:
                sys.exit(f"`{command}` ended with {code}:\n" + "\n".join(lines[-40:]) + f"\n\nlog: {base}/log.txt")
            lines = [line.replace(str(clone), "batch-platform").replace(str(base), "~") for line in lines]
            ran.append((command, lines, seconds, silence))
        results.append((step, ran))
    shell.close()
    PAGE.write_text(page(results, time.monotonic() - began, fresh=used is None), encoding="utf-8")
    shutil.rmtree(base)
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit("\n".join(problems(PAGE.read_text(encoding="utf-8"))) or None)
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else None)
