"""How many generated mutants of the recorded stacks the policy pack kills: the whole score, by subject and by kind.

Run: `python benchmarks/policy_mutants.py [--stack dev] [--one-in 1] [--workers 4]`. The mutants come from the recorded
program, the provider's schema and AWS's service models (`tests/policy/generated`); nobody wrote them. A mutant counts
as killed when a mandatory rule fails on the changed resource or on one that its edges lead to. Exit code 1 when a
mutant survives that no entry of `tests/policy/generated/harmless.py` explains.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from batchctl.preview.recording import MODES  # noqa: E402
from tests.policy.generated import score, variants  # noqa: E402

HEAD: Final = """# The policy pack's mutation score

Written by `python -m benchmarks.policy_mutants --write docs/policy/policy-score.md`; {share}.
The mutants are made from the recorded program, the provider's schema and AWS's service models, not written by anybody.
A mutant is killed when a mandatory rule fails on the changed resource or on one next to it; it is harmless when
`tests/policy/generated/harmless.py` says why nobody needs to notice. *unknown* is what a first preview sees, *resolved*
what follows `up`: what only waits for values to be known is harmless in a first preview if it is killed afterwards.

The tooling stack is not in the score: its tables are the delivery's (`delivery-properties`), and its own mistakes are
the written ones (`batchctl/policy/mutants/delivery.py`).
"""


def page(results: Sequence[score.Outcome], one_in: int) -> str:
    """The whole document: a table by subject for each stack and mode, then by kind, and what is left."""
    share = "every mutant was run" if one_in == 1 else f"one mutant in {one_in} was run"
    parts = [HEAD.format(share=share)]
    for stack, mode in sorted({(one.stack, one.mode) for one in results}):
        chosen = [one for one in results if (one.stack, one.mode) == (stack, mode)]
        parts.append(f"## {stack}, {mode}\n\n{score.table(chosen, 'subject')}\n")
    parts.append(f"## All, by kind of change\n\n{score.table(results, 'kind')}\n")
    parts.append(f"## All, by mode\n\n{score.table(results, 'mode')}\n")
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


_AT_ONCE: Final = 10
"""Stack files of a seed; each is one variant in either mode, and as many as are asked for written otherwise."""
_SPELLINGS: Final = 6


def legitimate(count: int, workers: int) -> int:
    """Draws stacks from the settings' model, each also written otherwise; 1 when one of them is red."""
    seeds = range(-(-count // (_AT_ONCE * (len(MODES) + _SPELLINGS))))
    with ProcessPoolExecutor(workers) as pool:
        results = list(pool.map(_judged, seeds))
    red = Counter(message for one in results for message in one.red)
    print(
        f"{sum(one.variants for one in results)} legitimate stacks from {len(seeds)} seeds, "
        f"{sum(one.refused for one in results)} settings refused by the program, {red.total()} mandatory findings"
    )
    for message, times in red.most_common(20):
        print(f"{times:5} {message}")
    return int(bool(red))


def _judged(seed: int) -> variants.Judged:
    return variants.judged(seed, _AT_ONCE, _SPELLINGS)


def main() -> int:
    """Prints the tables and the survivors; 1 when there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", action="append", choices=("dev", "prod"))
    parser.add_argument("--mode", action="append", choices=MODES)
    parser.add_argument("--one-in", type=int, default=1, help="take one mutant in so many")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--survivors", type=int, default=50, help="how many groups of survivors are printed")
    parser.add_argument("--variants", type=int, default=0, help="instead: so many legitimate stacks, none of them red")
    parser.add_argument(
        "--write", type=Path, help="write the tables into this file, for example docs/policy/policy-score.md"
    )
    chosen = parser.parse_args()
    if chosen.variants:
        return legitimate(chosen.variants, chosen.workers)
    results = score.outcomes(chosen.stack or ("dev", "prod"), chosen.mode or MODES, chosen.one_in, chosen.workers)
    if chosen.write:
        chosen.write.write_text(page(results, chosen.one_in), encoding="utf-8")
    for by in ("subject", "kind", "mode"):
        print(score.table(results, by), "\n")
    print(dict(Counter(one.fate for one in results)), "\n")
    groups = left(results)
    for group, count in groups.most_common(chosen.survivors):
        print(f"{count:5} {' | '.join(group)}")
    return int(bool(groups))


if __name__ == "__main__":
    sys.exit(main())
