"""A way over a file, in a process of its own and on one thread."""

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.ingestion import FIRST


def measure(folder: Path, kind: str, way: str) -> dict[str, float]:
    """Run one way in a process of its own."""
    program = (
        "import json, sys, time, pathlib; from benchmarks.ingestion.engines import WAYS\n"
        "try:\n    import pyarrow as pa; pa.set_cpu_count(1); pa.set_io_thread_count(1)\nexcept ImportError: pass\n"
        f"WAYS[{way!r}](pathlib.Path({str(folder / FIRST)!r}), {kind!r})\n"
        "first = time.process_time(); wall = time.perf_counter()\n"
        f"count = WAYS[{way!r}](pathlib.Path({str(folder)!r}), {kind!r})\n"
        "cpu = time.process_time() - first; wall = time.perf_counter() - wall\n"
        "peak = int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024\n"
        "print(json.dumps({'start': first, 'cpu': cpu, 'wall': wall, 'peak': peak, 'count': count}))"
    )
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way} over {kind} failed:\n{done.stderr}")
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer
