"""How many generated mutants of the recorded stacks the policy pack kills: the whole score, by subject and by kind.

Run: `python -m benchmarks.policy_mutants [--stack dev] [--mode resolved] [--one-in 1] [--workers 4]`. The mutants come
from the recorded program, the provider's schema and AWS's service models (`tests/policy/generated`); nobody wrote them.
A mutant counts as killed when a mandatory rule fails on the changed resource or on one that its edges lead to. Exit
code 1 when a mutant survives that no entry of `tests/policy/generated/harmless.py` explains.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from batchctl.preview.recording import MODES
from tests.policy.generated import score

HEAD: Final = """# The policy pack's mutation score

Written by `python -m benchmarks.policy_mutants --write docs/policy/policy-score.md`, which `make benchmarks` runs as
well. The mutants are made from the recorded program, the provider's schema and AWS's service models, not written by
anybody. A mutant is killed when a mandatory rule fails on the changed resource or on one next to it; it is harmless
when `tests/policy/generated/harmless.py` says why nobody needs to notice. *unknown* is what a first preview sees,
*resolved* what follows `up`: what only waits for values to be known is harmless in a first preview if it is killed
afterwards.

The tooling stack is not in the score: its tables are the delivery's (`delivery-properties`), and its own mistakes are
the written ones (`batchctl/policy/mutants/delivery.py`).
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the benchmark saw."""

    results: Sequence[score.Outcome]
    one_in: int
    seconds: float
    """Of CPU, of all processes together."""
    minutes: float
    """On the clock."""


def page(run: Run) -> str:
    """The whole document: a table by subject for each stack and mode, then by kind, and what is left."""
    from benchmarks._machine import machine

    results = run.results
    which = "every mutant" if run.one_in == 1 else f"one mutant in {run.one_in}, the same ones each time"
    took = (
        f"On {date.today().isoformat()} {which}: {len(results):,} in one run of {run.minutes:.0f} minutes and "
        f"{run.seconds / 60:.0f} minutes of CPU, {1000 * run.seconds / len(results):.0f} ms each ({machine()}).\n"
    )
    parts = [HEAD, took, f"## All\n\n{score.table(results, 'pair')}\n"]
    for stack, mode in sorted({(one.stack, one.mode) for one in results}):
        chosen = [one for one in results if (one.stack, one.mode) == (stack, mode)]
        parts.append(f"## {stack}, {mode}\n\n{score.table(chosen, 'subject')}\n")
    parts.append(f"## All, by kind of change\n\n{score.table(results, 'kind')}\n")
    rows = [f"| {count} | {' | '.join(group)} |" for group, count in left(results).most_common()]
    head = "| mutants | fate | stack | kind | type | property |\n|---|---|---|---|---|---|\n"
    parts.append("## What is left\n\n" + (head + "\n".join(rows) if rows else "Nothing.") + "\n")
    return "\n".join(parts)


def left(results: Sequence[score.Outcome]) -> Counter[tuple[str, ...]]:
    """The mutants that were not killed and that nothing explains, in groups."""
    return Counter(
        (one.fate, one.stack, f"{one.kind} {one.slip}".strip(), one.type.rpartition(":")[2], one.path)
        for one in results
        if one.fate not in ("killed", "harmless")
    )


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def main() -> int:
    """Prints each stack's table as it comes, and the survivors; 1 when there are any."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policy_mutants", description=__doc__)
    parser.add_argument("--stack", action="append", choices=("dev", "prod"))
    parser.add_argument("--mode", action="append", choices=MODES)
    parser.add_argument("--one-in", type=int, default=1, help="take one mutant in so many")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--survivors", type=int, default=50, help="how many groups of survivors are printed")
    parser.add_argument(
        "--write", type=Path, help="write the tables into this file, for example docs/policy/policy-score.md"
    )
    chosen = parser.parse_args()
    begun = time.monotonic()
    results: list[score.Outcome] = []
    for stack in chosen.stack or ("dev", "prod"):
        score.mutants(stack, "resolved")  # made before the workers are, which share it
        for mode in chosen.mode or MODES:
            results += score.outcomes([stack], [mode], chosen.one_in, chosen.workers)
            pair_results = [one for one in results if (one.stack, one.mode) == (stack, mode)]
            print(f"{score.table(pair_results, 'pair')}\n", flush=True)
            for group, count in left(pair_results).most_common(chosen.survivors):
                print(f"{count:5} {' | '.join(group)}", flush=True)
    run = Run(results, chosen.one_in, _cpu(), (time.monotonic() - begun) / 60)
    if chosen.write:
        chosen.write.write_text(page(run), encoding="utf-8")
    for by in ("subject", "kind", "pair"):
        print(score.table(results, by), "\n")
    print(f"{len(results)} mutants in {run.minutes:.1f} minutes and {run.seconds:.0f} s of CPU")
    print(dict(Counter(one.fate for one in results)), "\n")
    return int(bool(left(results)))


if __name__ == "__main__":
    sys.exit(main())
