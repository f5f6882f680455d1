"""How many cases of a job's law are run, from which seed, and which exit codes came.

The law of all jobs: whatever lies in a bucket, exit code 0, 64, 65, 69 or 75, never 1, and never a wrong number with 0.
`FUZZ_CASES` is the number of cases of one job's law (default 600, a sample), `FUZZ_SEED` draws others, and `FUZZ_TALLY`
is a file to which the exit codes are appended. `python -m tests.jobs.fuzz` runs a hundred thousand, in slices.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from batch_runtime.main import exit_code_of

CASES = int(os.environ.get("FUZZ_CASES", "600"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
LAWFUL = {0, 64, 65, 69, 75}
BUNDLE = 8
"""Cases that hypothesis draws at once; drawing them one by one takes as long as running them."""
LONGEST_MESSAGE = 8_000
"""Characters; a log line holds 16 KiB."""
exit_codes: defaultdict[str, Counter[int]] = defaultdict(Counter)
"""Of each job's cases so far."""

T = TypeVar("T", bound=Callable[..., None])


def cases(share: float) -> Callable[[T], T]:
    """Settings of a property that has this share of `FUZZ_CASES`; the same seed draws the same cases."""
    limits = settings(
        max_examples=max(20, int(CASES * share)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )

    def decorate(test: T) -> T:
        return seed(SEED)(limits(test))

    return decorate


def bundles(*values: SearchStrategy[Any]) -> SearchStrategy[list[tuple[Any, ...]]]:
    """`BUNDLE` cases with these values."""
    return st.lists(st.tuples(*values), min_size=BUNDLE, max_size=BUNDLE)


def exit_code(job: str, failure: Exception | None) -> int:
    """Count a case and return the exit code of its end; raises the failure itself where the law is broken."""
    code = 0 if failure is None else int(exit_code_of(failure))
    if failure is not None and code not in LAWFUL:
        raise failure
    assert len(str(failure)) < LONGEST_MESSAGE
    exit_codes[job][code] += 1
    return code
