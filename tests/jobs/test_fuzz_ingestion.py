"""No input ends in a bug: whatever lies in the input bucket, data-ingestion exits 0, 64, 65, 69 or 75, never 1.

And never a wrong number with 0: of a CSV file that the oracle can read (`tests.jobs.oracle`, the documented rules row
by row in plain Python), accepted trades and rejected rows must be the oracle's; of a Parquet file, accepted values must
be those that its writer put in. `FUZZ_CASES` is the number of cases of the whole law (default 600; 100,000 is
an afternoon's run), `FUZZ_TALLY` a file to which the exit codes that came are appended.
"""

import csv
import hashlib
import io
import json
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch_runtime import documents
from batch_runtime.documents import Manifest
from batch_runtime.errors import BadInputError, ExitCode
from batch_runtime.health import HealthFile
from batch_runtime.layout import S3Uri
from batch_runtime.logs import configure
from batch_runtime.main import Job, exit_code_of
from batch_runtime.metrics import Metrics
from batch_runtime.stopping import Progress
from batch_runtime.storage import MissingObjectError, Storage
from data_ingestion.job import IngestionEnvironment, ingest
from data_ingestion.schema import COLUMNS, NAMES
from sandbox.demo import portfolio
from tests.jobs.oracle import judge

if TYPE_CHECKING:
    from collections.abc import Iterable

CASES = int(os.environ.get("FUZZ_CASES", "600"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
LAWFUL = {0, 64, 65, 69, 75}
DAY = portfolio.DEFAULT_BUSINESS_DATE
GOOD = {column.name: column.example for column in COLUMNS}
HEADER = ",".join(NAMES)


class MemoryStorage(Storage):
    """Objects in a dictionary."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def read(self, uri: S3Uri, version: str = "") -> bytes:
        try:
            return self.objects[uri.key]
        except KeyError:
            raise MissingObjectError(uri) from None

    def download(self, uri: S3Uri, path: Path) -> str:
        content = self.read(uri)
        path.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    def write(self, uri: S3Uri, content: bytes, content_type: str = "") -> None:
        self.objects[uri.key] = content

    def upload(self, path: Path, uri: S3Uri, content_type: str = "") -> None:
        self.objects[uri.key] = path.read_bytes()

    def upload_all(self, files: "Iterable[tuple[Path, S3Uri]]") -> None:
        for path, uri in files:
            self.upload(path, uri)


class Bench:
    """Runs the job over objects in memory."""

    def __init__(self, scratch: Path) -> None:
        self.environment = IngestionEnvironment.read(
            {
                "BATCH_JOB": "data-ingestion",
                "BATCH_ENVIRONMENT": "test",
                "BATCH_INPUT_BUCKET": "input-bucket",
                "BATCH_OUTPUT_BUCKET": "output-bucket",
                "BATCH_SCRATCH": str(scratch),
                "BATCH_RUN_ID": "fuzz",
                "BATCH_BUSINESS_DATE": DAY.isoformat(),
                "BATCH_MANIFEST_URI": "s3://input-bucket/manifest.json",
                "BATCH_SHARD_SIZE": "7",
                "BATCH_MAX_REJECTED_PERCENT": "100",
            }
        )
        self.progress = Progress(HealthFile(scratch), 0)
        self.codes: Counter[int] = Counter()

    def run(self, objects: dict[str, bytes]) -> tuple[int, dict[str, bytes]]:
        """The exit code and what was left; fails the test when the law is broken."""
        storage = MemoryStorage(objects)
        job = Job(
            environment=self.environment,
            storage=storage,
            metrics=Metrics(environment="test", job="data-ingestion", run_id="fuzz"),
            progress=self.progress,
            log=configure(),
        )
        failure: Exception | None = None
        try:
            ingest(job)
        except Exception as error:
            failure = error
        code = 0 if failure is None else int(exit_code_of(failure))
        if failure is not None and code not in LAWFUL:
            raise failure
        assert len(str(failure)) < 8_000
        self.codes[code] += 1
        return code, objects

    def run_file(self, name: str, content: bytes, rows: int) -> tuple[int, dict[str, bytes]]:
        """With a truthful manifest, as far as it can be."""
        promise = {"key": name, "sha256": hashlib.sha256(content).hexdigest(), "rows": rows}
        manifest = {"business_date": DAY.isoformat(), "files": [promise]}
        return self.run({name: content, "manifest.json": json.dumps(manifest).encode()})


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("fuzz"))
    yield bench
    tally = f"exit codes of {bench.codes.total():,} runs: {dict(sorted(bench.codes.items()))}"
    print(f"\n{tally}")
    if path := os.environ.get("FUZZ_TALLY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{tally}\n")


@pytest.fixture(autouse=True)
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """The job logs a line a run, of which nobody wants to read a hundred thousand."""
    yield
    capfd.readouterr()


def accepted(objects: dict[str, bytes]) -> list[dict[str, Any]]:
    keys = sorted(key for key in objects if key.startswith("shards/") and key.endswith(".parquet"))
    return [row for key in keys for row in pq.read_table(io.BytesIO(objects[key])).to_pylist()]


def rejected_rows(objects: dict[str, bytes]) -> list[int]:
    (key,) = (key for key in objects if key.endswith("rejected.csv"))
    csv.field_size_limit(1 << 24)
    return sorted(int(row["row"]) for row in csv.DictReader(io.StringIO(objects[key].decode(), newline="")))


def check_csv(bench: Bench, content: bytes) -> None:
    """Run a CSV file; where the oracle can read it and the job took it, both must agree."""
    try:
        verdict = judge(content, DAY)
    except (ValueError, csv.Error, StopIteration):
        verdict = None
    code, objects = bench.run_file("a.csv", content, verdict.rows if verdict else 3)
    if code == 0 and verdict is not None:
        assert accepted(objects) == verdict.trades
        assert rejected_rows(objects) == verdict.rejected


def lots(share: float) -> Callable[[Any], Any]:
    """Settings of a property that has this share of `FUZZ_CASES`."""
    return settings(
        max_examples=max(20, int(CASES * share)),
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )


EDGES = st.sampled_from(
    ["", " ", "0", "-0", "1", "+1", "1.", ".5", "1e5", "1E-3", "1e0001", "1e400", "-1e400", "1e-400", "nan", "inf",
     "-inf", "Infinity", "0x1p3", "1_000", "1,5", "1 ", " 1", "１", "9" * 400, "0.1" + "0" * 400,
     "1e9", "1000000000.0000001",
     "2026-02-29", "2024-02-29", "2026-11-20", "2026-11-21", "0000-01-01", "0001-01-01", "9999-12-31", "2026-1-1",
     "2026-11-20T00:00", "USD", "usd", "EUR", "equity", "null", "NULL", "N/A", "#N/A", "true", "T-1", "T-1\n",
     "é", "\x00",
     "T" * 64, "T" * 65, '"', '""', "a\nb", "a\r\nb", "=1+1", "\ufeff", "\u2028"]
)  # fmt: skip
CELLS = EDGES | st.text(max_size=12) | st.floats().map(str) | st.integers().map(str) | st.dates().map(str)
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), CELLS, max_size=3), min_size=1, max_size=12)


def as_csv(rows: list[dict[str, str]], quoting: Any = csv.QUOTE_MINIMAL, end: str = "\n") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=NAMES, lineterminator=end, quoting=quoting)
    writer.writeheader()
    writer.writerows(GOOD | {"trade_id": f"T-{number}"} | row for number, row in enumerate(rows))
    return text.getvalue().encode(errors="surrogatepass")


@lots(0.15)
@given(rows=ROWS, quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), end=st.sampled_from(["\n", "\r\n"]))
def test_csv_of_odd_values(bench: Bench, rows: list[dict[str, str]], quoting: Any, end: str) -> None:
    check_csv(bench, as_csv(rows, quoting, end))


@lots(0.05)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode(errors="surrogatepass")))
def test_csv_of_anything(bench: Bench, content: bytes) -> None:
    check_csv(bench, content)
    check_csv(bench, HEADER.encode() + b"\n" + content)


ARRAYS: list[Callable[[list[Any]], pa.Array]] = [
    lambda rows: pa.array([str(row) for row in rows]),
    lambda rows: pa.array([str(row) for row in rows], pa.large_string()),
    lambda rows: pa.array([str(row) for row in rows]).dictionary_encode(),
    lambda rows: pa.array([str(row).encode(errors="replace") for row in rows], pa.binary()),
    lambda rows: pa.array([None for _ in rows], pa.string()),
    lambda rows: pa.array([None for _ in rows], pa.null()),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 100 for row in rows], pa.int64()),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 2**64 for row in rows], pa.uint64()),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) / 7 for row in rows], pa.float64()),
    lambda rows: pa.array([(crc32(row.encode(errors="replace")) % 1000) / 7 for row in rows], pa.float32()),
    lambda rows: pa.array([float("nan") for row in rows], pa.float64()),
    lambda rows: pa.array([float("inf") for row in rows], pa.float64()),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 10_000 for row in rows], pa.int64()).cast(
        pa.decimal128(38, 3), safe=False
    ),
    lambda rows: pa.array([True for _ in rows]),
    lambda rows: pa.array([DAY for _ in rows], pa.date32()),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 2**31 - 2**30 for row in rows], pa.int32()).cast(
        pa.date32()
    ),
    lambda rows: pa.array([DAY for _ in rows], pa.date64()),
    lambda rows: pa.array([datetime.combine(DAY, time()) for _ in rows], pa.timestamp("us")),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 2**63 for row in rows], pa.timestamp("ns")),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 2**62 for row in rows], pa.timestamp("us")),
    lambda rows: pa.array([datetime.combine(DAY, time()) for _ in rows], pa.timestamp("us", "UTC")),
    lambda rows: pa.array([[1] for _ in rows]),
    lambda rows: pa.array([{"a": 1} for _ in rows]),
]
GOOD_TABLE = pa.table({column.name: pa.array([column.example] * 3).cast(column.type) for column in COLUMNS}).set_column(
    0, "trade_id", pa.array(["T-1", "T-2", "T-3"])
)


@lots(0.1)
@given(
    changes=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(range(len(ARRAYS))), max_size=3),
    values=st.lists(CELLS, min_size=3, max_size=3),
)
def test_parquet_of_odd_types(bench: Bench, changes: dict[str, int], values: list[str]) -> None:
    table = GOOD_TABLE
    for name, kind in changes.items():
        try:
            column = ARRAYS[kind](values)
        except (UnicodeEncodeError, pa.ArrowInvalid):
            return
        table = table.set_column(NAMES.index(name), name, column)
    sink = io.BytesIO()
    try:
        pq.write_table(table, sink)
    except pa.ArrowException:
        return
    code, objects = bench.run_file("a.parquet", sink.getvalue(), 3)
    if code == 0:
        for row in accepted(objects):
            original = table.slice(int(row["trade_id"][-1]) - 1 if row["trade_id"] in ("T-1", "T-2", "T-3") else 0, 1)
            if "trade_id" not in changes:
                for name in set(NAMES) - set(changes):
                    assert row[name] == original[name][0].as_py()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | EDGES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@lots(0.15)
@given(
    day=st.just(DAY.isoformat()) | JSON,
    file=st.dictionaries(st.sampled_from(["key", "sha256", "rows", "more"]), JSON, max_size=3),
    more=st.dictionaries(st.text(max_size=8), JSON, max_size=1),
)
def test_manifests_of_odd_values(bench: Bench, day: Any, file: dict[str, Any], more: dict[str, Any]) -> None:
    content = as_csv([{}])
    good = {"key": "a.csv", "sha256": hashlib.sha256(content).hexdigest(), "rows": 1}
    manifest = {"business_date": day, "files": [good | file]} | more
    text = json.dumps(manifest).encode()
    code, _ = bench.run({"a.csv": content, "manifest.json": text})
    strict = (
        day == DAY.isoformat()
        and not set(more) - {"business_date", "files"}
        and not set(file) - {"key", "sha256", "rows"}
    )
    assert code != 0 or strict


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Some of what files suffer: bits and bytes changed, parts lost, doubled, moved, cut off."""
    mutant = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 5, 20))):
        at = chance.randrange(len(mutant) + 1)
        end = min(len(mutant), at + chance.choice((1, 1, 2, 8, 100)))
        match chance.randrange(8):
            case 0 if at < len(mutant):
                mutant[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(mutant):
                mutant[at] = chance.choice((0, 10, 13, 34, 44, 45, 46, 48, 57, 127, 128, 255, chance.randrange(256)))
            case 2:
                del mutant[at:end]
            case 3:
                mutant[at:at] = mutant[at:end]
            case 4:
                other = chance.randrange(len(mutant) + 1)
                mutant[other:other] = content[at:end]
            case 5:
                mutant[at:at] = chance.choice(
                    (b'"', b",", b"\n", b"\r", b"\x00", b"\xff", b'""', b",,", b"\n\n", b"nan")
                )
            case 6 if chance.random() < 0.1:
                del mutant[at:]
            case _:
                mutant[at:end] = chance.randbytes(end - at)
    return bytes(mutant)


@pytest.fixture(scope="module")
def real_files() -> dict[str, bytes]:
    """A day's files as clients send them, small."""
    with tempfile.TemporaryDirectory() as folder:
        portfolio.write(Path(folder), trades=60, files=2, bad_share=0.05)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


def test_mutated_csv(bench: Bench, real_files: dict[str, bytes]) -> None:
    chance = random.Random(SEED)
    for _ in range(int(CASES * 0.2)):
        check_csv(bench, mutate(real_files["trades-1.csv"], chance))


def test_mutated_parquet(bench: Bench, real_files: dict[str, bytes]) -> None:
    """A changed page is found by its checksum where the writer left one; here one did."""
    chance = random.Random(SEED + 1)
    table = pq.read_table(io.BytesIO(real_files["trades-2.parquet"]))
    sink = io.BytesIO()
    pq.write_table(table, sink, write_page_checksum=True, compression="zstd")
    for _ in range(int(CASES * 0.2)):
        code, objects = bench.run_file("a.parquet", mutate(sink.getvalue(), chance), table.num_rows)
        if code == 0:
            good = {row["trade_id"]: row for row in table.to_pylist()}
            assert all(good[row["trade_id"]]["quantity"] == row["quantity"] for row in accepted(objects))


def test_mutated_manifest(bench: Bench, real_files: dict[str, bytes]) -> None:
    chance = random.Random(SEED + 2)
    for _ in range(int(CASES * 0.2)):
        content = mutate(real_files["manifest.json"], chance)
        files = {f"incoming/{DAY}/{name}": data for name, data in real_files.items() if name != "manifest.json"}
        bench.run({**files, "manifest.json": content})
        for name in (Manifest, documents.IngestionSummary, documents.QualityDocument, documents.SuccessMarker):
            with suppress(BadInputError):
                name.read(content, "the document")


def test_the_law_is_one_that_can_be_broken() -> None:
    assert exit_code_of(KeyError("x")) == ExitCode.BUG
    assert ExitCode.BUG not in LAWFUL
    assert isinstance(date(2026, 11, 20), type(DAY))
