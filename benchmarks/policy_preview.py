"""How much longer an engine preview of dev takes with the policy pack than without: the ratio, measured in one run.

Run: `python -m benchmarks.policy_preview [--repeats 5]`, with `pulumi` and an aws plugin on PATH; the account is an
emulated one and the state a folder, both of the benchmark's own. Previews alternate: a busy machine slows both kinds
alike; one of each is run first and not counted. The ratio is that of the fastest runs' CPU time (of all processes that
`pulumi` waits for), which other work on the machine disturbs least; wall-clock time is shown beside. Exit code 1 when
the ratio exceeds the limit; without `pulumi` nothing is measured, and the benchmark says so.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.account import emulated_account
from sandbox.checkout import copy_checkout

LIMIT = 1.2


@dataclass(frozen=True)
class Project:
    """A checkout whose stack `dev` exists, and the variables that lead `pulumi` to its state and account."""

    root: Path
    environment: dict[str, str]

    def pulumi(self, *arguments: str) -> None:
        """Runs `pulumi ARGUMENTS`; a failure ends the benchmark."""
        command = ["pulumi", *arguments, "--non-interactive"]
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)} exited with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


@contextmanager
def project() -> Iterator[Project]:
    """A private checkout with an emulated account and a folder for the state, while the block runs."""
    with tempfile.TemporaryDirectory() as folder, emulated_account() as account:
        state = Path(folder, "state")
        state.mkdir()
        backend = {"PULUMI_BACKEND_URL": state.as_uri(), "PULUMI_CONFIG_PASSPHRASE": "benchmark"}
        fresh = Project(copy_checkout(Path(folder, "platform")), {**account.environment(), **backend})
        fresh.pulumi("stack", "init", "dev")
        yield fresh


def seconds(fresh: Project, *arguments: str) -> tuple[float, float]:
    """Wall-clock and CPU seconds of one preview."""
    begun, used = time.monotonic(), _cpu()
    fresh.pulumi("preview", "--stack", "dev", "--suppress-outputs", *arguments)
    return time.monotonic() - begun, _cpu() - used


def _cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def main() -> int:
    """Prints each pair and the ratio of the fastest; 1 when it exceeds the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    if shutil.which("pulumi") is None:
        print("skipped: no pulumi on PATH, and this measures previews of the real engine")
        return 0
    pairs = []
    with project() as fresh:
        for turn in range(chosen.repeats + 1):
            wall, cpu = seconds(fresh)
            wall_with, cpu_with = seconds(fresh, "--policy-pack", "policy")
            label = "warm-up" if turn == 0 else str(turn)
            print(f"{label}: {wall:.2f} s ({cpu:.2f} CPU) without, {wall_with:.2f} s ({cpu_with:.2f} CPU) with")
            pairs.append((wall, cpu, wall_with, cpu_with))
    walls, cpus, walls_with, cpus_with = zip(*pairs[1:], strict=True)
    ratio = min(cpus_with) / min(cpus)
    print(
        f"{min(cpus):.2f} s of CPU without, {min(cpus_with):.2f} s with the pack: ratio {ratio:.3f} (limit {LIMIT}); "
        f"wall-clock ratio {min(walls_with) / min(walls):.3f}"
    )
    for name, plain, packed in (("median wall", walls, walls_with), ("median CPU", cpus, cpus_with)):
        print(f"{name} {statistics.median(plain):.2f} s, {statistics.median(packed):.2f} s")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
