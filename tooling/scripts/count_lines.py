"""Writes docs/measured/size.md: lines of each area of the repository, and what the area is for.

`python tooling/scripts/count_lines.py [--check]`; with `--check` nothing is written, and the exit code is 1 when an
area has grown or shrunk by more than a tenth since the page was written.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "measured" / "size.md"
AREAS: Final = {
    "__main__.py, outputs.py": "the composition root and the stack's outputs",
    "settings": "the only reader of configuration: fields with units and limits, and the messages that refuse",
    "conventions": "names, tags, IAM documents, address ranges, sizes: plain Python that everything else uses",
    "components": "the resources, a layer each",
    "workflow": "the state machines as data",
    "jobs": "the three reference jobs, their runtime and their locked requirements",
    "policy": "the policy pack; most of it is the tables of the closed world",
    "batchctl": "the command line: preview, diff, operation, verification, release, nights, import",
    "tooling": "the delivery pipeline's own stack, build specifications, and scripts",
    "sandbox": "what stands for AWS: refusals by AWS's models, permissions, reactions, tasks as processes",
    "benchmarks": "what keeps speed: each ratio's measurement",
    "tests": "the claims; its largest parts are the jobs', the sandbox's own and the policy pack's",
    "docs": "what a user, an operator and a reviewer read; settings, policies, size and benchmarks are generated",
    ".github, .ci": "workflows and continuous integration",
    "other": "README, CHANGELOG, CONTRIBUTING, licence, Makefile, pyproject.toml, Pulumi files",
}
NOT_COUNTED: Final = ("uv.lock",)
TOLERANCE: Final = 0.1
_TEXT: Final = (".py", ".md", ".yml", ".yaml", ".toml", ".txt", ".json", ".sh", ".html", ".mjs", "")


def area(name: str) -> str:
    """The area that a file belongs to."""
    first = name.partition("/")[0]
    return next((listed for listed in AREAS if first in listed.split(", ")), "other")


def counted() -> Counter[str]:
    """Lines by area, of every text file that git knows; locks are left out."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines: Counter[str] = Counter()
    for name in listed.split("\n"):
        file = ROOT / name
        if (
            name
            and name not in NOT_COUNTED
            and file.suffix in _TEXT
            and file.is_file()
            and name != "docs/measured/size.md"
        ):
            lines[area(name)] += len(file.read_text(encoding="utf-8", errors="replace").splitlines())
    return lines


def page(lines: Counter[str]) -> str:
    """The page."""
    rows = [f"| {name} | {lines[name]:,} | {what} |" for name, what in AREAS.items()]
    tests = lines["tests"] / (sum(lines.values()) - lines["tests"] - lines["docs"])
    return (
        "# Size\n\nWritten by `python tooling/scripts/count_lines.py`: lines of text files in git, locks left out.\n\n"
        "| area | lines | what for |\n|---|---:|---|\n" + "\n".join(rows) + f"\n| all | {sum(lines.values()):,} | |\n\n"
        f"A line of tests for each {1 / tests:.1f} lines of everything that is neither test nor document.\n\n{_CAN_GO}"
    )


_CAN_GO: Final = """## What can go

- `policy/rules/tables/taggable.txt` (865 lines): AWS types that take tags; it could be made from the provider's schema
  when the pack is installed, at the price of a pack that needs the schema.
- The AWS pipeline (`tooling/`) or `.github/workflows/deploy.yml`: a team uses one of the two.
- `tests/sandbox` and `sandbox/permissions`, when the engine tests run in an account at AWS instead.
- `docs/policy/policies.md` and `docs/sandbox/strictness.md`: generated lists that nobody reads from end to end; they
  are there to be searched, and to show in a pull request what a rule's change means.
"""


def problems(text: str, lines: Counter[str]) -> list[str]:
    """What is out of date on a page."""
    sizes = []
    for name in AREAS:
        row = re.search(rf"^\| {re.escape(name)} \| ([\d,]+) \|", text, re.MULTILINE)
        written = int(row[1].replace(",", "")) if row else 0
        if abs(written - lines[name]) > TOLERANCE * max(lines[name], 1):
            sizes.append(f"{name}: docs/measured/size.md says {written} lines, there are {lines[name]}")
    return sizes


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit("\n".join(problems(PAGE.read_text(encoding="utf-8"), counted())) or None)
    PAGE.write_text(page(counted()), encoding="utf-8")
    print("wrote docs/measured/size.md")
