"""How much longer an engine preview of dev takes with the policy pack than without: the ratio, measured in one run.

Run: `python benchmarks/policy_preview.py [--repeats 5]`, with `pulumi`, an aws plugin and an account (or the variables
of an emulated one) in the environment, in a checkout whose stack `dev` exists. Previews alternate: a busy machine
slows both kinds alike; one of each is run first and not counted. Exit code 1 when the ratio exceeds the limit.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

LIMIT = 1.25


def seconds(root: Path, *arguments: str) -> float:
    """Wall-clock seconds of one preview; a preview that fails ends the benchmark."""
    begun = time.monotonic()
    command = ["pulumi", "preview", "--stack", "dev", "--non-interactive", "--suppress-outputs", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} exited with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return time.monotonic() - begun


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
        print(
            f"{'warm-up' if turn == 0 else turn}: {without:.2f} s without, {with_pack:.2f} s with the pack", flush=True
        )
        pairs.append((without, with_pack))
    without, with_pack = (statistics.median(column) for column in zip(*pairs[1:], strict=True))
    ratio = with_pack / without
    print(f"median {without:.2f} s without, {with_pack:.2f} s with: ratio {ratio:.3f} (limit {LIMIT})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
