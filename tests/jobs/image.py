"""What a job's Dockerfile says, and its file system laid out without a container engine.

`assemble` follows the Dockerfile: the packages that it COPYs, and of the installed distributions exactly those that the
job's requirements.txt names. A job that imports anything else fails here as it would fail in its container.
"""

import re
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

CONTEXT = Path(__file__).parents[2] / "jobs"
JOBS = ("data-ingestion", "risk-calculation", "report-generation")
SITE = "/opt/batch"


@dataclass(frozen=True)
class Instruction:
    """An instruction of a Dockerfile, continuation lines joined."""

    stage: int
    """Counts the FROM lines; 0 before the first."""
    name: str
    arguments: str


def dockerfile(job: str) -> list[Instruction]:
    """The instructions of a job's Dockerfile."""
    text = re.sub(r"^#.*\n", "", (CONTEXT / job / "Dockerfile").read_text(), flags=re.MULTILINE)
    stage = 0
    instructions = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            name, arguments = line.split(maxsplit=1)
            stage += name == "FROM"
            instructions.append(Instruction(stage, name, " ".join(arguments.split())))
    return instructions


def requirements(job: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Distribution -> (pinned version, hashes), of those that apply to this Python."""
    text = (CONTEXT / job / "requirements.txt").read_text().replace("\\\n", " ")
    pins = {}
    for line in text.splitlines():
        match = re.fullmatch(
            r"([a-z0-9.-]+)==(\S+)(?: ; python_full_version (<|>=) '3\.12')?((?: +--hash=sha256:\w+)+) *", line
        )
        assert match, f"{job}: not a pinned requirement with hashes: {line[:100]}"
        if match[3] != ">=":
            pins[match[1]] = (match[2], frozenset(re.findall(r"sha256:\w+", match[4])))
    return pins


def copied_packages(job: str) -> dict[str, Path]:
    """Package -> its folder in the build context."""
    packages = {}
    for instruction in dockerfile(job):
        if instruction.name == "COPY" and not instruction.arguments.startswith("--"):
            source, target = instruction.arguments.split()
            if target.startswith(f"{SITE}/"):
                packages[target.removeprefix(f"{SITE}/")] = CONTEXT / source
    return packages


def assemble(job: str, folder: Path) -> Path:
    """Lay the image's `/opt/batch` out in `folder`, out of links."""
    for name in requirements(job):
        installed = distribution(name)
        for top in {file.parts[0] for file in installed.files or () if file.parts[0] not in ("..", "__pycache__")}:
            (folder / top).symlink_to(Path(str(installed.locate_file(top))))
    for package, source in copied_packages(job).items():
        (folder / package).symlink_to(source)
    return folder
