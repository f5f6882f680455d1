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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from batchctl.recording import MODES  # noqa: E402
from tests.policy.generated import score  # noqa: E402


def main() -> int:
    """Prints the tables and the survivors; 1 when there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", action="append", choices=("dev", "prod"))
    parser.add_argument("--mode", action="append", choices=MODES)
    parser.add_argument("--one-in", type=int, default=1, help="take one mutant in so many")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--survivors", type=int, default=50, help="how many groups of survivors are printed")
    chosen = parser.parse_args()
    results = score.outcomes(chosen.stack or ("dev", "prod"), chosen.mode or MODES, chosen.one_in, chosen.workers)
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
