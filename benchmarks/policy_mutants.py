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
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from batchctl.preview.recording import MODES  # noqa: E402
from tests.policy.generated import score, variants  # noqa: E402

HEAD = """# The policy pack's mutation score

Written by `python benchmarks/policy_mutants.py --write docs/policy/policy-score.md`; one mutant in {one_in} was run.
The mutants are made from the recorded program, the provider's schema and AWS's service models, not written by anybody.
A mutant is killed when a mandatory rule fails on the changed resource or on one next to it; it is harmless when
`tests/policy/generated/harmless.py` says why nobody needs to notice.

"""


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
        tables = "\n\n".join(score.table(results, by) for by in ("subject", "kind", "mode"))
        chosen.write.write_text(HEAD.format(one_in=chosen.one_in) + tables + "\n", encoding="utf-8")
    for by in ("subject", "kind", "mode"):
        print(score.table(results, by), "\n")
    print(dict(Counter(one.fate for one in results)), "\n")
    left = Counter(
        (one.fate, one.kind, one.slip if one.kind == "neighbour" else "", one.type.rpartition(":")[2], one.path)
        for one in results
        if one.fate not in ("killed", "harmless")
    )
    for (fate, kind, slip, type_, path), count in left.most_common(chosen.survivors):
        print(f"{count:5} {fate:9} {kind:11} {slip:9} {type_:28} {path}")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
