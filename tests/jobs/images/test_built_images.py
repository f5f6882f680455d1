"""Images built from the real Dockerfiles, and a night in containers: read-only, as their user, without capabilities.

Needs root, buildah, runc and debootstrap, and mirrors of Debian and of PyPI in reach; with BATCH_REQUIRE_IMAGES=1 their
absence is a failure and no skip.
"""

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.jobs.harness import Night
from tests.jobs.image import JOBS, SITE
from tests.jobs.images.containers import Builder, Ended, absent

CACHE = Path("/var/tmp/batch-platform-image-base")
MEGABYTES = {"data-ingestion": 165, "risk-calculation": 250, "report-generation": 210}
"""Limits of what a job's image holds beside its base."""
PAGE = Path(__file__).parents[3] / "docs" / "measured" / "images.md"
HEAD = """# Images

Written by `BATCH_WRITE_IMAGE_SIZES=1 pytest -n 0 tests/jobs/images`, which builds the real Dockerfiles on a base of
Debian 12's packages: what each image holds beside its base, unpacked.

| image | MB | largest parts, MB |
|---|---:|---|
"""
LOOK_AROUND = """
import json, os
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
def writable(folder):
    try:
        open(os.path.join(folder, "probe"), "w").close()
    except OSError as error:
        return error.errno
    return 0
print(json.dumps({
    "user": [os.getuid(), os.getgid()],
    "capabilities": sorted({status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")}),
    "privileges": status["NoNewPrivs"].strip(),
    "writable": {folder: writable(folder) for folder in ("/", "/opt/batch", "/tmp", "/usr", "/scratch")},
}))
"""
READ_ONLY, DENIED = 30, 13


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """All three images."""
    if reason := absent():
        message = f"*** THE IMAGES WERE NOT BUILT: {reason}"
        if os.environ.get("BATCH_REQUIRE_IMAGES"):
            pytest.fail(message)
        pytest.skip(message)
    builder = Builder(tmp_path_factory.mktemp("images"), CACHE)
    try:
        builder.build_base()
        for job in JOBS:
            builder.build(job)
        yield builder
    finally:
        builder.close()


@pytest.mark.parametrize("job", JOBS)
def test_a_container_can_write_to_its_scratch_only(builder: Builder, job: str, tmp_path: Path) -> None:
    ended = builder.run(job, tmp_path / "scratch", command=["python", "-c", LOOK_AROUND])
    assert ended.exit_code == 0, ended.stderr
    surroundings = json.loads(ended.stdout)
    assert surroundings["user"] == [10001, 10001]
    assert (surroundings["capabilities"], surroundings["privileges"]) == (["0000000000000000"], "1")
    assert surroundings["writable"].pop("/scratch") == 0
    assert set(surroundings["writable"].values()) <= {READ_ONLY, DENIED}


def test_a_night_in_containers(builder: Builder, night: Night, with_portfolio: object, tmp_path: Path) -> None:
    """Ingestion, two tasks of the fan-out, report: each in a container of its own image, with a scratch of its own."""
    assert callable(with_portfolio)
    with_portfolio(600)
    night.settings = {"BATCH_SHARD_SIZE": "150", "BATCH_SCENARIOS": "2000"}

    def run(job: str, **more: str) -> Ended:
        ours = ("BATCH_", "AWS_")
        variables = {name: value for name, value in night.variables(job, **more).items() if name.startswith(ours)}
        scratch = tmp_path / f"{job}-{more.get('BATCH_SHARDS', '')}"
        ended = builder.run(job, scratch, variables | {"BATCH_SCRATCH": "/scratch"})
        assert (ended.exit_code, ended.stderr) == (0, ""), ended.stdout[-2_000:] + ended.stderr
        healthy = builder.config(job)["Healthcheck"]["Test"]
        assert healthy[0] == "CMD"
        assert builder.run(job, scratch, {"BATCH_SCRATCH": "/scratch"}, healthy[1:]).exit_code == 0
        return ended

    run("data-ingestion")
    run("risk-calculation", BATCH_SHARDS="[0,1]")
    run("risk-calculation", BATCH_SHARDS="[2,3]")
    run("report-generation")
    assert night.json(night.layout.success_marker.key)["run_id"] == night.run_id
    assert night.get(night.layout.report_pdf.key).startswith(b"%PDF-")
    assert night.json(night.layout.report_json.key)["portfolio"]["trades"] == 595


def test_sizes(builder: Builder) -> None:
    """Below their limits; with BATCH_WRITE_IMAGE_SIZES=1 docs/measured/images.md is renewed."""
    rows = []
    for job in JOBS:
        packages = builder.root(job) / SITE.lstrip("/")
        sizes = {path.name: builder.size(path) / 1e6 for path in packages.iterdir() if path.is_dir()}
        largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
        whole = builder.size(packages) / 1e6
        rows.append(f"| `{job}` | {whole:.0f} | " + ", ".join(f"{name} {size:.0f}" for name, size in largest) + " |")
        assert whole < MEGABYTES[job]
        assert not {"tests", "include"} & {path.name for path in packages.glob("pyarrow/*")}
    print("\n".join(rows))
    if os.environ.get("BATCH_WRITE_IMAGE_SIZES"):
        PAGE.write_text(HEAD + "\n".join(rows) + f"\n\nOn {date.today().isoformat()}.\n", encoding="utf-8")
