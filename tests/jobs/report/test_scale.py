"""Ten thousand results and ten million instruments: a request for each result, and memory of a small task."""

import json
import subprocess
import sys

RESULTS, INSTRUMENTS = 10_000, 1_000
DOCUMENTS = 3
"""Summary, quality, shard list."""
MEGABYTES = 512
"""Half of what the report's task has by default; 249 were measured."""


def test_memory_and_requests_are_bounded() -> None:
    """No task wrote a sum here: the most requests that there can be."""
    command = [sys.executable, "-m", "tests.jobs.report.scale", str(RESULTS), str(INSTRUMENTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    gathered = json.loads(done.stdout.splitlines()[-1])
    assert (gathered["results"], gathered["requests"]) == (RESULTS, RESULTS + DOCUMENTS)
    assert gathered["instruments"] == RESULTS * INSTRUMENTS
    assert gathered["largest"] == 10_000 + RESULTS - 1
    assert gathered["long"] == RESULTS * gathered["long_of_one"]
    assert gathered["peak_megabytes"] < MEGABYTES
