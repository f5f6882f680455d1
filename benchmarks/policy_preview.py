"""How much longer an engine preview of dev takes with the policy pack than without: the ratio, measured in one run.

Run: `python benchmarks/policy_preview.py [--repeats 5]`, with `pulumi`, an aws plugin and an account (or the variables
of an emulated one) in the environment, in a checkout whose stack `dev` exists. Previews alternate: a busy machine
slows both kinds alike; one of each is run first and not counted. The ratio is that of the fastest runs, which other
work on the machine disturbed least; medians and CPU time (of all processes that `pulumi` waits for) are shown beside.
Exit code 1 when the ratio exceeds the limit.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

LIMIT = 1.25


def seconds(root: Path, *arguments: str) -> tuple[float, float]:
    """Wall-clock and CPU seconds of one preview; a preview that fails ends the benchmark."""
    begun, used = time.monotonic(), _cpu()
    command = ["pulumi", "preview", "--stack", "dev", "--non-interactive", "--suppress-outputs", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} exited with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return time.monotonic() - begun, _cpu() - used


def _cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def main() -> int:
    """Prints each pair and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--project", type=Path, default=Path.cwd(), help="checkout to preview")
    chosen = parser.parse_args()
    pairs = []
    for turn in range(chosen.repeats + 1):
        without = seconds(chosen.project)
        with_pack = seconds(chosen.project, "--policy-pack", "policy")
        (wall, cpu), (wall_with, cpu_with) = without, with_pack
        label = "warm-up" if turn == 0 else str(turn)
        print(f"{label}: {wall:.2f} s ({cpu:.2f} CPU) without, {wall_with:.2f} s ({cpu_with:.2f} CPU) with", flush=True)
        pairs.append((wall, cpu, wall_with, cpu_with))
    walls, cpus, walls_with, cpus_with = zip(*pairs[1:], strict=True)
    ratio = min(walls_with) / min(walls)
    print(
        f"fastest {min(walls):.2f} s without, {min(walls_with):.2f} s with the pack: ratio {ratio:.3f} (limit {LIMIT})"
    )
    for name, plain, packed in (("median", walls, walls_with), ("median CPU", cpus, cpus_with)):
        print(f"{name} {statistics.median(plain):.2f} s, {statistics.median(packed):.2f} s")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
