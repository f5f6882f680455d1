"""Stacks that are right, drawn and written otherwise: the policy pack says nothing mandatory of any of them.

Run: `python -m benchmarks.policy_variants [--variants 1000] [--workers 4]`. Stack files are drawn over the settings'
model, the same ones each time; each is recorded in both modes, and what is recorded with values known is written
otherwise several times (`tests/policy/generated/variants.py`). Exit code 1 when one of them is red.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Final

from batchctl.preview.recording import MODES
from tests.policy.generated import variants

SPELLINGS: Final = 6
"""How often each stack is written otherwise."""
HEAD: Final = """# Legitimate stacks: none of them red

A rule that is right about a mistake and wrong about another spelling of the same meaning teaches people to switch it
off. So the pack is also asked about stacks that are right, and must say nothing mandatory of them:

- **Settings.** Hypothesis draws stack files over the settings' model (`tests/policy/generated/variants.py`): sizes,
  zones, endpoints, ranges, days, alerts, jobs with and without queues, schedules, boundaries, customer keys. What the
  program itself refuses is counted apart. Each is recorded with values unknown, as at a first preview, and known.
- **Spellings.** What is recorded is written otherwise (`tests/policy/generated/spellings.py`), about half of it each
  time: the order of members, statements, actions and lists of which AWS keeps none; a value alone or as a list;
  statements split in two; Sids changed or left out; `ArnLike` for `ArnEquals` and `StringEquals` for `StringLike`
  where no wildcard stands; principals as `*` or `{"AWS": "*"}`; spaces and line breaks; role policies as managed
  policies with an attachment; group rules in the legacy type; `tcp` as `6`; weekdays in three ways; ids, ARNs and
  names written out instead of taken from a resource.

Written by `python -m benchmarks.policy_variants --write docs/policy/legitimate-stacks.md`, which `make benchmarks`
runs as well (the same stacks each time); `make test` runs a sample.
"""
TAIL: Final = """
What these stacks found, and what was mended: rules that looked for `"name": "…"` in a document with just these
spaces; a key that only a named ARN led to; GuardDuty's repository in a managed policy; an alarm that scales by a
policy named in text. A stack that is not named in the pack's `guardedSuffixes` and keeps its data
(`platform.teardown: false`) is refused on purpose.
"""


def summary(results: Sequence[variants.Judged]) -> str:
    """How many stacks there were, and what was said of them."""
    total, refused = sum(one.variants for one in results), sum(one.refused for one in results)
    return (
        f"{total:,} stacks of {len(results) - refused} stack files, each in {len(MODES)} modes and {SPELLINGS} "
        f"spellings, and {sum(len(one.red) for one in results)} mandatory findings; {refused} more stack files were "
        "refused by the program itself"
    )


def main() -> int:
    """Draws and judges; prints what was said of stacks that are right."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policy_variants", description=__doc__)
    parser.add_argument("--variants", type=int, default=1000, help="at least so many stacks")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", type=Path, help="write the page, for example docs/policy/legitimate-stacks.md")
    chosen = parser.parse_args()
    begun = time.monotonic()
    results: list[variants.Judged] = []
    files = -(-chosen.variants // (len(MODES) + SPELLINGS))
    drawn = variants.drawn(variants.SEED, files + files // 4)  # more than enough: the program refuses some
    with ProcessPoolExecutor(chosen.workers) as pool:
        while drawn and sum(one.variants for one in results) < chosen.variants:
            part, drawn = drawn[: 2 * chosen.workers], drawn[2 * chosen.workers :]
            numbers = range(len(results), len(results) + len(part))
            results += pool.map(variants.judged, part, numbers, [SPELLINGS] * len(part))
            print(f"{summary(results)}; {(time.monotonic() - begun) / 60:.1f} minutes", flush=True)
    red = Counter(message for one in results for message in one.red)
    for message, times in red.most_common(20):
        print(f"{times:5} {message}")
    if chosen.write:
        from benchmarks._machine import machine

        findings = "".join(f"- {times} times: {message}\n" for message, times in red.most_common())
        result = f"\nOn {date.today().isoformat()} ({machine()}): {summary(results)}.\n"
        chosen.write.write_text(f"{HEAD}{result}{findings}{TAIL}", encoding="utf-8")
    return int(bool(red) or sum(one.variants for one in results) < chosen.variants)


if __name__ == "__main__":
    sys.exit(main())
