"""The snapshot of a stack at another revision: that revision's program, settings and packages, in a process of its own.

What records and compares is this checkout's in both cases, so that two revisions are looked at with the same eyes.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pulumi

from batchctl import project as projects
from batchctl.errors import OperatorError
from batchctl.project import Project, StackFile

from .recording import record
from .snapshot import Snapshot, from_document, of_recording, to_document

HERE: Final = Path(__file__).resolve().parents[2]
SECONDS: Final = 300
"""Longest time for the other revision's run."""
_BRANCHES: Final = ("origin/HEAD", "origin/main", "main", "master")
"""Where the merge base is looked for, in this order."""
_CHILD: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from batchctl.preview import revision; sys.path.remove(sys.argv[1]); "
    "revision.print_snapshots(sys.argv[2], sys.argv[3:])"
)


def git(folder: Path, *arguments: str) -> str:
    """What git prints; raises OperatorError with its own words."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise OperatorError("git is not on PATH: `batchctl diff` reads the other revision with it.") from error
    if done.returncode:
        raise OperatorError(f"`git {' '.join(arguments)}` failed in {folder}: {done.stderr.strip()}")
    return done.stdout.strip()


def commit_of(folder: Path, revision: str | None) -> str:
    """The full id of `revision`; without one, of the commit at which this branch left the main one."""
    if revision:
        try:
            return git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except OperatorError as error:
            raise OperatorError(
                f"no revision {revision!r} in {folder}: give a branch, a tag or a commit, for example main or HEAD~1. "
                "In a shallow clone: `git fetch --unshallow`."
            ) from error
    for branch in _BRANCHES:
        try:
            return git(folder, "merge-base", "HEAD", branch)
        except OperatorError:
            continue
    raise OperatorError(
        f"no merge base with any of {', '.join(_BRANCHES)}: name the revision, `batchctl diff REVISION`."
    )


def acknowledged(stack_file: StackFile) -> tuple[str, ...]:
    """`platform.acknowledge` of a stack file, as it is written."""
    section = stack_file.config.get("batch-platform:platform")
    names = section.get("acknowledge") if isinstance(section, dict) else None
    return tuple(map(str, names)) if isinstance(names, list) else ()


def snapshot(project: Project, stack: str) -> Snapshot:
    """This checkout's snapshot of a stack, uncommitted files included; raises OperatorError when it is refused."""
    from batchctl.program import recorded  # not above: the process for another revision must not import our settings

    stack_file = project.stack(stack)
    return of_recording(recorded(project, stack_file, "resolved"), project.name, acknowledged(stack_file))


@contextmanager
def started(project: Project, commit: str, stacks: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that runs the program of `commit` for those of `stacks` that it has; `finished` reads its answer."""
    with tempfile.TemporaryDirectory(prefix="batchctl-") as scratch:
        tree = extracted(project.root, commit, Path(scratch))
        python = environment(project.root, tree)
        command = [str(python), "-P", "-c", _CHILD, str(HERE), str(tree), *stacks]
        process = subprocess.Popen(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def finished(process: subprocess.Popen[str], commit: str) -> dict[str, Snapshot]:
    """The snapshots by stack that a started process prints; raises OperatorError with its own words."""
    try:
        printed, said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise OperatorError(f"the program of {commit[:12]} did not finish within {SECONDS} s.") from error
    if process.returncode:
        last = "\n".join(said.strip().splitlines()[-6:])
        raise OperatorError(f"the program of {commit[:12]} cannot be run to compare with:\n{last}")
    documents: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return {name: from_document(document) for name, document in documents.items()}


def print_snapshots(tree: str, stacks: Sequence[str]) -> None:
    """Prints the snapshots of the program in `tree` as one line of JSON; what the started process does."""
    gc.disable()  # the process is short, and recording makes no cycles
    try:
        made = _documents(projects.load(Path(tree)), stacks)
    except (OperatorError, pulumi.RunError) as error:
        sys.exit(str(error))
    print(json.dumps(made))


def _documents(project: Project, stacks: Sequence[str]) -> dict[str, Any]:
    made = {}
    for name in stacks:
        if name not in project.stacks():
            continue
        file = project.stack(name)
        recording = record(
            project.root,
            project=project.name,
            stack=name,
            config=file.config,
            secret_keys=file.secret_keys,
            mode="resolved",
        )
        made[name] = to_document(of_recording(recording, project.name, acknowledged(file)))
    return made


def extracted(root: Path, commit: str, scratch: Path) -> Path:
    """The project's files at `commit`, in a folder below `scratch`."""
    prefix = git(root, "rev-parse", "--show-prefix").rstrip("/")
    archive, tree = scratch / "tree.tar", scratch / "tree"
    git(root, "archive", "--format=tar", f"--output={archive}", f"{commit}:{prefix}" if prefix else commit)
    with tarfile.open(archive) as packed:
        packed.extractall(tree, filter="data")
    archive.unlink()
    return tree


def environment(root: Path, tree: Path) -> Path:
    """The Python that has the packages of the tree's lock file: this one, or one that the tree's own script sets up."""
    lock, script = tree / "uv.lock", tree / "tooling" / "scripts" / "setup.py"
    same = not lock.is_file() or ((root / "uv.lock").is_file() and lock.read_bytes() == (root / "uv.lock").read_bytes())
    if same or not script.is_file():
        return Path(sys.executable)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "batchctl"
    home = cache / hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    python = home / ".venv" / "bin" / "python"
    if not (home / "ready").is_file():
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(tree, home)
        base_python = getattr(sys, "_base_executable", sys.executable)
        command = [base_python, str(home / "tooling" / "scripts" / "setup.py"), "run"]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OperatorError(
                f"the packages of the other revision's uv.lock cannot be installed:\n{done.stderr.strip()[-1500:]}"
            )
        (home / "ready").touch()
    return python
