"""The snapshot of a stack at another revision: that revision's program, settings and packages, in a process of its own.

Both revisions are recorded and compared by this checkout's code, so that only the programs differ.
"""

from __future__ import annotations

import gc
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, Final

import pulumi
import pulumi_aws

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
    "revision.write_snapshots(sys.argv[2], sys.argv[3], sys.argv[4:])"
)
_ANSWER: Final = "snapshots.json"
_ERRORS: Final = "errors.txt"
_THIS_CHECKOUTS: Final = frozenset({"batchctl", "policy"})
"""What records and compares: this checkout's on both sides."""
_PROVIDER_PART: Final = re.compile(r"\baws\.([a-z0-9]+)\.[A-Z]")


_NOT_NEEDED: Final = frozenset(("benchmarks", "docs", "sandbox", "tests"))
"""Folders that no program reads and that hold most of the files."""


def git(folder: Path, *arguments: str) -> str:
    """What git prints; raises OperatorError with git's message."""
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


@dataclass(frozen=True)
class OtherRun:
    """The other revision's program, running in a process of its own."""

    commit: str
    process: subprocess.Popen[bytes] | ForkProcess
    scratch: Path
    """Folder in which the process leaves its answer and what it says on standard error."""

    def exit_code(self, seconds: float | None) -> int | None:
        """The process's exit code; None while it still runs after so many seconds (None: however long it takes)."""
        if isinstance(self.process, subprocess.Popen):
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
            return self.process.returncode
        self.process.join(seconds)
        return self.process.exitcode

    def snapshots(self) -> dict[str, Snapshot]:
        """The snapshots by stack; raises OperatorError with the other program's message."""
        code = self.exit_code(SECONDS)
        if code is None:
            raise OperatorError(f"the program of {self.commit[:12]} did not finish within {SECONDS} s.")
        if code:
            last = "\n".join((self.scratch / _ERRORS).read_text(errors="replace").strip().splitlines()[-6:])
            raise OperatorError(f"the program of {self.commit[:12]} cannot be run to compare with:\n{last}")
        documents: dict[str, Any] = json.loads((self.scratch / _ANSWER).read_text(encoding="utf-8"))
        return {name: from_document(document) for name, document in documents.items()}


@contextmanager
def started(project: Project, commit: str, stacks: Sequence[str]) -> Iterator[OtherRun]:
    """The program of `commit`, running for those of `stacks` that it has."""
    with tempfile.TemporaryDirectory(prefix="batchctl-") as folder:
        scratch = Path(folder)
        tree = extract_revision(project.root, commit, scratch)
        python = environment(project.root, tree)
        start = _forked if python == Path(sys.executable) and sys.platform == "linux" else _spawned
        other = OtherRun(commit, start(python, tree, stacks, scratch), scratch)
        try:
            yield other
        finally:
            if other.exit_code(0) is None:
                other.process.kill()
                other.exit_code(None)


def _spawned(python: Path, tree: Path, stacks: Sequence[str], scratch: Path) -> subprocess.Popen[bytes]:
    """A process with packages of its own."""
    command = [str(python), "-P", "-c", _CHILD, str(HERE), str(tree), str(scratch), *stacks]
    with (scratch / _ERRORS).open("wb") as errors:
        return subprocess.Popen(command, cwd=tree, stdout=subprocess.DEVNULL, stderr=errors)


def _forked(_: Path, tree: Path, stacks: Sequence[str], scratch: Path) -> ForkProcess:
    """A process with this one's packages: importing the provider takes most of a run's time, and happens once."""
    _load_provider(tree)
    process = multiprocessing.get_context("fork").Process(target=_run_forked, args=(tree, stacks, scratch))
    process.start()
    return process


def _load_provider(tree: Path) -> None:
    """Loads the parts of pulumi_aws that the program in `tree` names."""
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in tree.glob("components/**/*.py"))
    for name in sorted({name for text in texts for name in _PROVIDER_PART.findall(text)}):
        getattr(getattr(pulumi_aws, name, None), "__all__", None)  # any attribute loads a part that is imported lazily


def _run_forked(tree: Path, stacks: Sequence[str], scratch: Path) -> None:
    """Leaves this checkout's program behind, so that its modules are imported from `tree`."""
    for name in list(sys.modules):
        top = name.partition(".")[0]
        if top not in _THIS_CHECKOUTS and ((tree / top).is_dir() or (tree / f"{top}.py").is_file()):
            del sys.modules[name]
    os.chdir(tree)
    with (scratch / _ERRORS).open("w") as errors, redirect_stderr(errors), redirect_stdout(errors):
        write_snapshots(str(tree), str(scratch), stacks)


def write_snapshots(tree: str, scratch: str, stacks: Sequence[str]) -> None:
    """Writes the snapshots of the program in `tree` into `scratch`; what the started process does."""
    gc.disable()  # the process is short, and recording makes no cycles
    try:
        documents = _documents(projects.load(Path(tree)), stacks)
    except Exception as error:
        if not isinstance(error, (OperatorError, pulumi.RunError)):
            traceback.print_exc()
        sys.exit(str(error))
    (Path(scratch) / _ANSWER).write_text(json.dumps(documents), encoding="utf-8")


def _documents(project: Project, stacks: Sequence[str]) -> dict[str, Any]:
    documents = {}
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
        documents[name] = to_document(of_recording(recording, project.name, acknowledged(file)))
    return documents


def extract_revision(root: Path, commit: str, scratch: Path) -> Path:
    """The project's files at `commit` that its program may need, in a folder below `scratch`."""
    prefix = git(root, "rev-parse", "--show-prefix").rstrip("/")
    archive, tree = scratch / "tree.tar", scratch / "tree"
    git(root, "archive", "--format=tar", f"--output={archive}", f"{commit}:{prefix}" if prefix else commit)
    with tarfile.open(archive) as packed:
        needed = (member for member in packed if member.name.partition("/")[0] not in _NOT_NEEDED)
        packed.extractall(tree, members=needed, filter="data")
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
