"""Nights whose first jobs are done, and what the report says about them."""

import io
import json
from typing import Any

import pytest
from pypdf import PdfReader

from batch_runtime.errors import BadInputError
from batch_runtime.layout import S3Uri
from report_generation.environment import ReportEnvironment
from report_generation.job import report
from risk_calculation.job import RiskEnvironment, calculate
from risk_results.files import result_uri
from tests.jobs.harness import Night
from tests.jobs.portfolios import Row, put_json, put_shards


def report_here(night: Night) -> None:
    report(night.job("report-generation", ReportEnvironment))


def refused(night: Night, message: str, error: type[Exception] = BadInputError) -> None:
    with pytest.raises(error, match=message):
        report_here(night)
    assert not [key for key in night.outputs() if key.startswith("reports/")]


def change(night: Night, uri: S3Uri, **fields: Any) -> None:
    """Overwrite fields of a JSON object in the output bucket."""
    content = json.dumps(night.json(uri.key) | fields).encode()
    night.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=content)


def remove(night: Night, first: int, last: int) -> None:
    night.s3.delete_object(Bucket=night.output_bucket, Key=result_uri(night.layout, first, last).key)


def put(night: Night, shard: int, content: bytes) -> None:
    night.s3.put_object(Bucket=night.output_bucket, Key=result_uri(night.layout, shard, shard).key, Body=content)


def small(night: Night, shards: list[list[Row]], **variables: str) -> dict[str, Any]:
    """A night of few trades, straight from partitions to the report, whose JSON it returns."""
    put_shards(night, shards)
    count = sum(map(len, shards))
    numbers = list(range(len(shards)))
    summary = {
        "run_id": night.run_id,
        "business_date": night.business_date,
        "shards": len(shards),
        "trades": count,
        "quarantined": 0,
        "shards_uri": str(night.layout.shard_list),
        "numbers": numbers,
    }
    put_json(night, night.layout.summary.key, summary)
    file = {"key": "incoming/trades.csv", "sha256": "a" * 64, "accepted": count, "rejected": 0}
    quality = {"run_id": night.run_id, "files": [file], "reasons": {}, "rejected_uri": str(night.layout.rejected)}
    put_json(night, night.layout.quality.key, quality)
    more = {"BATCH_SCENARIOS": "1000", "BATCH_SHARDS": json.dumps(numbers)} | variables
    calculate(night.job("risk-calculation", RiskEnvironment, **more))
    report_here(night)
    document: dict[str, Any] = night.json(night.layout.report_json.key)
    return document


def pdf_text(night: Night) -> str:
    reader = PdfReader(io.BytesIO(night.get(night.layout.report_pdf.key)))
    return " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
