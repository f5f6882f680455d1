"""docs/measured/faults.md: what became of an `up` and a `destroy` for each call and each fault, as a run saw it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from sandbox.checkout import ROOT

PAGE = ROOT / "docs" / "measured" / "faults.md"
FAULTS = ("AccessDenied", "InternalFailure", "ThrottlingException")
COMMANDS = ("up", "destroy")
NOT_TRIED = "-"
RENEW = "BATCH_FAULTS=1 RENEW_REFERENCES=1 .venv/bin/python -m pytest -n 0 tests/engine/faults/test_every_call.py"
HEAD = f"""# Faults while deploying

Written by `{RENEW}`, which the nightly workflow
runs without `RENEW_REFERENCES`: it fails when an outcome is another one than here. The stack is dev, on the engine, in
the emulated account.

- **AccessDenied**: the operation is refused until an `up` has ended; then it is allowed, and `up` is called again.
- **InternalFailure** (HTTP 500), **ThrottlingException**: the operation's first call is answered so, and no later one.

Afterwards a preview proposes nothing, the account holds nothing that the state does not know, and `destroy`, which
meets the same faults and a bucket with objects, leaves what there was before. `{NOT_TRIED}`: not tried.
"""
ROW = re.compile(r"^\| `(\S+)` \| (.+) \| (.+) \| (.+) \|$")

Outcomes = Mapping[tuple[str, str], str]
"""Command and operation to what became of it."""


def read() -> dict[str, dict[tuple[str, str], str]]:
    """The page's outcomes by fault."""
    outcomes: dict[str, dict[tuple[str, str], str]] = {fault: {} for fault in FAULTS}
    command = ""
    for line in PAGE.read_text().splitlines() if PAGE.is_file() else []:
        if line.startswith("## "):
            command = line.strip("# `")
        elif row := ROW.match(line):
            for fault, outcome in zip(FAULTS, row.groups()[1:], strict=True):
                if outcome != NOT_TRIED:
                    outcomes[fault][command, row[1]] = outcome
    return outcomes


def page(outcomes: Mapping[str, Outcomes]) -> str:
    """The whole page."""
    parts = [HEAD]
    for command in COMMANDS:
        operations = sorted({operation for of in outcomes.values() for name, operation in of if name == command})
        rows = [[outcomes[fault].get((command, one), NOT_TRIED) for fault in FAULTS] for one in operations]
        parts.append(f"## `{command}`\n")
        parts.append("| operation | " + " | ".join(FAULTS) + " |\n|---|---|---|---|")
        parts += [f"| `{one}` | {' | '.join(row)} |" for one, row in zip(operations, rows, strict=True)]
        parts.append("")
    return "\n".join(parts)


def hold(fault: str, observed: Outcomes) -> None:
    """Fails where what was `observed`, of one command or both, differs from the page.

    With RENEW_REFERENCES set, the page becomes it.
    """
    outcomes, commands = read(), {command for command, _ in observed}
    if os.environ.get("RENEW_REFERENCES"):
        others = {key: outcome for key, outcome in outcomes[fault].items() if key[0] not in commands}
        PAGE.write_text(page({**outcomes, fault: {**others, **observed}}))
    else:
        written = {key: outcome for key, outcome in outcomes[fault].items() if key[0] in commands}
        assert dict(observed) == written, f"docs/measured/faults.md says otherwise: {RENEW}"
