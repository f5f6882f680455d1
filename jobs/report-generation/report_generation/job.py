"""report-generation: gather, analyse, draw; then publish JSON, PDF and, last of all, the marker.

Everything is finished in scratch before the first object is written, and nothing in the report depends on when or how
often it was made: a second attempt writes the same bytes over the first one's.
"""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from batch_runtime.documents import SuccessMarker
from batch_runtime.errors import BadInputError
from batch_runtime.main import Job
from batch_runtime.storage import MissingObjectError
from report_generation.analysis import analyse
from report_generation.backtest import backtest
from report_generation.documents import report_json
from report_generation.environment import ReportEnvironment
from report_generation.former import last_report
from report_generation.gathering import gather
from report_generation.pages.report import report_pdf
from report_generation.warnings import warnings


def report(job: Job[ReportEnvironment]) -> None:
    """The work of the job."""
    layout = job.environment.layout
    with tempfile.TemporaryDirectory(dir=job.environment.scratch, prefix="report-") as folder:
        with job.metrics.timed("GatherDuration"):
            gathered = gather(job, Path(folder))
            analysis = analyse(gathered, last_report(job))
            job.progress.boundary()
            analysis = replace(analysis, backtest=backtest(job, gathered.model))
            analysis = replace(analysis, warnings=tuple(warnings(analysis)))
        job.progress.boundary()
        with job.metrics.timed("RenderDuration"):
            machine = report_json(analysis)
            people = report_pdf(analysis, job.progress.progress)
        job.progress.boundary()
    job.metrics.put("Shards", len(analysis.gathered.header.parts))
    job.metrics.put("Warnings", len(analysis.warnings))
    job.metrics.put("Trades", analysis.gathered.trades)
    job.metrics.put("MissingShards", len(analysis.gathered.missing))
    job.storage.write(layout.report_json, machine)
    job.storage.write(layout.report_pdf, people, "application/pdf")
    marker = SuccessMarker(
        run_id=job.environment.run_id,
        business_date=job.environment.business_date,
        report_uri=str(layout.report_pdf),
        json_uri=str(layout.report_json),
        finished_at=_finished_at(job),
        missing_shards=len(analysis.gathered.missing) or None,
    )
    job.storage.write(layout.success_marker, marker.to_json())
    job.log.info("reported", report=str(layout.report_pdf), warnings=list(analysis.warnings))


def _finished_at(job: Job[ReportEnvironment]) -> datetime:
    """Now, or when an earlier attempt of this run finished: a retry must not make the report look late."""
    uri = job.environment.layout.success_marker
    try:
        former = SuccessMarker.read(job.storage.read(uri), str(uri))
    except (MissingObjectError, BadInputError):
        former = None
    if former is not None and former.run_id == job.environment.run_id:
        return former.finished_at
    return datetime.now(UTC).replace(microsecond=0)
