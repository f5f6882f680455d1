"""All results of a run, each shard exactly once, folded into sums.

A run whose results are strange, of another model or of other trades is refused, and so is one with more results missing
than the run tolerates: a report on nine shards of ten looks as convincing as one on ten. Whose trades a result holds is
known by the checksum of the partition that it was computed from. Results of whole tasks are taken where they are good,
those of single shards elsewhere; they are folded a few at a time and instruments lie in scratch, so memory depends on
groups and scenarios, on nothing else.
"""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from batch_runtime.documents import IngestionSummary, QualityDocument, ShardReference, read_shard_list
from batch_runtime.errors import BadInputError
from batch_runtime.layout import S3Uri
from batch_runtime.main import Job
from batch_runtime.storage import MissingObjectError
from report_generation.environment import ReportEnvironment
from report_generation.instruments import Instruments, InstrumentSpool
from risk_results.documents import Header, Model, Part
from risk_results.exact import Amounts
from risk_results.files import Result, combine, result_uri

_MOST_AT_A_TIME = 16
_BYTES_AT_A_TIME = 64 << 20
_MOST_ROWS = 10**12
_NAME = re.compile(r"shard-(?P<one>\d{5})\.risk|shards-(?P<first>\d{5})-(?P<last>\d{5})\.risk")

Span = tuple[int, int]
"""First and last shard of a result."""


@dataclass(frozen=True)
class Gathered:
    """A whole run."""

    summary: IngestionSummary
    quality: QualityDocument
    header: Header
    amounts: Amounts
    instruments: Instruments
    results: int
    """Objects that were read."""
    missing: tuple[ShardReference, ...] = ()
    """Shards without a result, no more than the run tolerates; none of their trades is in any number."""

    @property
    def model(self) -> Model:
        """Of all results."""
        return self.header.model

    @property
    def trades(self) -> int:
        """That were valued."""
        return self.header.trades

    @property
    def missing_trades(self) -> int:
        """That were accepted and have no result."""
        return sum(line.trades for line in self.missing)


def gather(job: Job[ReportEnvironment], folder: Path) -> Gathered:
    """Read and check every result of the run; `folder` takes what does not fit in memory."""
    layout = job.environment.layout
    summary = IngestionSummary.read(_read(job, layout.summary), str(layout.summary))
    quality = QualityDocument.read(_read(job, layout.quality), str(layout.quality))
    listed = read_shard_list(_read(job, layout.shard_list), str(layout.shard_list))
    if (len(listed), sum(line.trades for line in listed)) != (summary.shards, summary.trades):
        raise BadInputError(f"{layout.shard_list} and {layout.summary} contradict each other; run data-ingestion again")
    if summary.trades + summary.quarantined > _MOST_ROWS:
        raise BadInputError(f"{layout.summary} counts more than {_MOST_ROWS:,} rows; run data-ingestion again")
    gatherer = _Gatherer(job, listed, _spans(job, len(listed)))
    total: Result | None = None
    parts: list[Part] = []
    count = 0
    with InstrumentSpool(folder) as spool:
        for result in gatherer.results():
            spool.add(result.instruments)
            parts += result.header.parts
            bare = _without_lists(result)
            total = bare if total is None else _without_lists(combine((total, bare)))
            count += 1
            job.progress.boundary()
        instruments = spool.totals(job.progress.progress)
    assert total is not None, "a shard list has at least one line"
    header = total.header.model_copy(update={"parts": tuple(sorted(parts, key=lambda part: part.shard))})
    return Gathered(summary, quality, header, total.amounts, instruments, count, tuple(gatherer.missing))


def _without_lists(result: Result) -> Result:
    """Without instruments and all parts but the first: both grow with the run, and would be copied for each result."""
    header = result.header.model_copy(update={"parts": result.header.parts[:1]})
    return replace(result, header=header, instruments=result.instruments[:0])


class _Gatherer:
    """Reads results so that every shard is covered once."""

    def __init__(self, job: Job[ReportEnvironment], listed: tuple[ShardReference, ...], spans: set[Span]) -> None:
        self._job = job
        self._listed = listed
        self._spans = spans
        self._model: Model | None = None
        self.missing: list[ShardReference] = []
        """Shards without a result; complete when all results were read."""

    def results(self) -> Iterator[Result]:
        """The results, in the order of their shards."""
        at_a_time = 1
        with ThreadPoolExecutor(_MOST_AT_A_TIME) as pool:
            waiting = self._there(self._cover(self._spans))
            while waiting:
                spans, waiting = waiting[:at_a_time], waiting[at_a_time:]
                for span, content in zip(spans, pool.map(self._content, spans), strict=True):
                    at_a_time = max(1, min(_MOST_AT_A_TIME, _BYTES_AT_A_TIME // len(content or b"-")))
                    result = self._checked(span, content)
                    if result is None:
                        waiting = self._there((shard, shard) for shard in range(span[0], span[1] + 1)) + waiting
                    else:
                        yield result

    def _cover(self, spans: set[Span]) -> Iterator[Span]:
        """Spans that hold every shard once, the longest first; a shard that none holds is its own span."""
        longest: dict[int, int] = {}
        for first, last in spans:
            longest[first] = max(last, longest.get(first, first))
        shard = 0
        while shard < len(self._listed):
            last = longest.get(shard, shard)
            yield shard, last
            shard = last + 1

    def _there(self, spans: Iterable[Span]) -> list[Span]:
        """The spans that have a result; notes single shards that have none, and refuses more than are tolerated."""
        there = []
        for first, last in spans:
            if first < last or (first, last) in self._spans:
                there.append((first, last))
            else:
                self.missing.append(self._listed[first])
        tolerated = self._job.environment.tolerated_failure_percent
        count, of = len(self.missing), len(self._listed)
        if count == of or 100 * count > tolerated * of:
            limit = f"; {tolerated} % may be missing" if tolerated else ""
            raise BadInputError(
                f"{count} of {of} shards have no result in {self._job.environment.layout.results_prefix}: "
                f"{_shorten([line.shard for line in self.missing])}{limit}; run risk-calculation for them "
                "(BATCH_SHARDS), then this job again"
            )
        return there

    def _content(self, span: Span) -> bytes | None:
        """The object, or None where a task's sum is gone; a single shard's must be there."""
        uri = result_uri(self._job.environment.layout, *span)
        try:
            return self._job.storage.read(uri)
        except MissingObjectError:
            if span[0] < span[1]:
                return None
            raise BadInputError(f"{uri} does not exist any more; run risk-calculation for its shard again") from None

    def _checked(self, span: Span, content: bytes | None) -> Result | None:
        """The result; None for a task's sum that does not fit, whose shards are then looked at singly."""
        uri = result_uri(self._job.environment.layout, *span)
        if content is None:
            return None
        try:
            result = Result.from_bytes(content, str(uri))
            self._require_fit(result.header, span, uri)
        except BadInputError:
            if span[0] < span[1]:
                self._job.log.warning("sum_of_a_task_left_out", result=str(uri))
                return None
            raise
        self._model = self._model or result.header.model
        return result

    def _require_fit(self, header: Header, span: Span, uri: S3Uri) -> None:
        environment = self._job.environment
        lines = self._listed[span[0] : span[1] + 1]
        checks: list[tuple[str, object, object]] = [
            ("run_id", header.run_id, environment.run_id),
            ("shard", [part.shard for part in header.parts], [line.shard for line in lines]),
            ("trades", [part.trades for part in header.parts], [line.trades for line in lines]),
            ("model.business_date", header.model.business_date, environment.business_date),
            ("model", header.model, self._model or header.model),
        ]
        checks += [
            ("partition_sha256", part.partition_sha256, line.sha256)
            for part, line in zip(header.parts, lines, strict=False)
            if line.sha256 is not None
        ]
        for name, got, expected in checks:
            if got != expected:
                raise BadInputError(
                    f"{uri} does not belong to the run's trades and other results: {name} is {_brief(got)}, must be "
                    f"{_brief(expected)}; run risk-calculation for shard {span[0]} again"
                )


def _spans(job: Job[ReportEnvironment], shards: int) -> set[Span]:
    """The results that are there; refuses those that no shard of the run explains."""
    prefix = job.environment.layout.results_prefix
    spans: set[Span] = set()
    strangers = []
    for key in job.storage.keys(prefix):
        name = key.removeprefix(prefix.key)
        match = _NAME.fullmatch(name)
        first, last = (int(match["one"] or match["first"]), int(match["one"] or match["last"])) if match else (0, -1)
        if first <= last < shards:
            spans.add((first, last))
        else:
            strangers.append(name)
    if strangers:
        raise BadInputError(
            f"{prefix} holds {_shorten(sorted(strangers))}, results of shards that the run does not have: their trades "
            "might count double. Delete them or start a new run"
        )
    return spans


def _read(job: Job[ReportEnvironment], uri: S3Uri) -> bytes:
    try:
        return job.storage.read(uri)
    except MissingObjectError:
        raise BadInputError(f"{uri} does not exist; the run's earlier jobs must finish first") from None


def _brief(value: object) -> str:
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else value
    text = str(value)
    return text if len(text) <= 300 else f"{text[:299]}\N{HORIZONTAL ELLIPSIS}"


def _shorten(items: list[int] | list[str]) -> str:
    text = ", ".join(str(item)[:100] for item in items[:10])
    return text if len(items) <= 10 else f"{text} and {len(items) - 10} more"
