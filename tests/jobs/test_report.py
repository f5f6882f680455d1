"""report-generation: complete or refused, right, readable, written in the order that the deadline watch relies on."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader

from batch_runtime.errors import BadInputError, TryAgainError
from batch_runtime.layout import S3Uri
from batch_runtime.storage import Storage
from report_generation.job import ReportEnvironment, report
from report_generation.money import short
from risk_calculation.job import RiskEnvironment, calculate
from risk_results import UNITS_PER_USD
from risk_results.measures import tail_measure
from sandbox.demo import portfolio
from tests.jobs.harness import Night
from tests.jobs.test_ingestion import ingest_here


@pytest.fixture
def ready(night: Night, with_portfolio: Callable[[int], portfolio.Portfolio]) -> Night:
    """A night whose first two jobs are done: 600 rows in shards of 150."""
    with_portfolio(600)
    night.settings = {"BATCH_SHARD_SIZE": "150", "BATCH_SCENARIOS": "2000"}
    ingest_here(night)
    numbers = night.json(night.layout.summary.key)["numbers"]
    calculate(night.job("risk-calculation", RiskEnvironment, BATCH_SHARDS=json.dumps(numbers)))
    return night


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


class TestReport:
    def test_as_a_process_writes_report_and_marker(self, ready: Night) -> None:
        outcome = ready.run("report-generation")
        assert (outcome.exit_code, outcome.stderr) == (0, "")
        marker = ready.json(ready.layout.success_marker.key)
        finished = datetime.fromisoformat(marker.pop("finished_at"))
        assert timedelta() <= datetime.now(UTC) - finished < timedelta(minutes=5)
        assert marker == {
            "run_id": "nightly-1",
            "business_date": "2026-11-20",
            "report_uri": str(ready.layout.report_pdf),
            "json_uri": str(ready.layout.report_json),
        }
        assert outcome.metrics["Shards"] == 4

    def test_numbers_are_those_of_the_summed_vectors(self, ready: Night) -> None:
        """Value at risk of the sum, not the sum of values at risk."""
        report_here(ready)
        vectors = [np.load(io.BytesIO(ready.get(ready.layout.result_vector(n).key))) for n in range(4)]
        portfolio_vector = np.sum(vectors, axis=0)
        document = ready.json(ready.layout.report_json.key)
        for stated in document["portfolio"]["measures"]:
            measure = tail_measure(portfolio_vector, round(stated["level"] * 1000))
            assert stated["value_at_risk"] == measure.value_at_risk / UNITS_PER_USD
            assert stated["expected_shortfall"] == pytest.approx(measure.expected_shortfall / UNITS_PER_USD, abs=1e-4)
        alone = sum(tail_measure(vector, 990).value_at_risk for vector in vectors) / UNITS_PER_USD
        assert document["portfolio"]["measures"][-1]["value_at_risk"] < alone

    def test_parts_add_up_to_the_whole(self, ready: Night) -> None:
        report_here(ready)
        document = ready.json(ready.layout.report_json.key)
        whole = document["portfolio"]["exposure"]
        for parts in document["exposures"].values():
            for side in ("long", "short", "gross", "net"):
                assert sum(part[side] for part in parts.values()) == pytest.approx(whole[side], abs=0.01)
        contributions = [part["contribution"] for part in document["expected_shortfall_contributions"]["shards"]]
        headline = document["portfolio"]["measures"][-1]
        assert (headline["level"], len(contributions)) == (0.99, 4)
        assert sum(contributions) == pytest.approx(headline["expected_shortfall"], abs=0.01)
        quality = document["data_quality"]
        assert (quality["accepted"], quality["quarantined"]) == (595, 5)
        assert sum(file["accepted"] + file["rejected"] for file in quality["files"]) == 600

    def test_the_pdf_says_what_the_json_says(self, ready: Night) -> None:
        report_here(ready)
        document = ready.json(ready.layout.report_json.key)
        reader = PdfReader(io.BytesIO(ready.get(ready.layout.report_pdf.key)))
        text = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
        for measure in document["portfolio"]["measures"]:
            for number in ("value_at_risk", "expected_shortfall"):
                assert short(measure[number] * UNITS_PER_USD) in text
        for promised in (
            "Overnight risk report",
            "Friday 20 November 2026",
            "run nightly-1",
            "page 1 of 4",
            "595 of 600 rows were accepted; 5 (0.83\N{NO-BREAK SPACE}%) were quarantined",
            document["riskiest_trades"][0]["trade_id"],
            *(file["key"] for file in document["data_quality"]["files"]),
        ):
            assert " ".join(promised.split()) in text
        assert sum(len(page.images) for page in reader.pages) == 6
        assert reader.metadata is not None
        assert reader.metadata.title == "Overnight risk report, 2026-11-20"

    def test_a_second_attempt_writes_the_same_bytes(self, ready: Night) -> None:
        """The marker too: it keeps the time of the first finish, or a retry would make the report look late."""
        report_here(ready)
        marker = ready.layout.success_marker
        change(ready, marker, finished_at="2026-11-20T05:00:00Z")
        first = ready.outputs()
        report_here(ready)
        second = ready.outputs()
        assert json.loads(second.pop(marker.key)) == json.loads(first.pop(marker.key))
        assert second == first

    def test_another_run_of_the_day_takes_the_marker_over(self, ready: Night) -> None:
        report_here(ready)
        change(ready, ready.layout.success_marker, run_id="earlier", finished_at="2026-11-20T05:00:00Z")
        report_here(ready)
        marker = ready.json(ready.layout.success_marker.key)
        assert (marker["run_id"], marker["finished_at"] > "2026-11-20T05") == ("nightly-1", True)

    def test_the_marker_comes_last(self, ready: Night, monkeypatch: pytest.MonkeyPatch) -> None:
        written: list[str] = []
        real = Storage.write

        def write(self: Storage, uri: S3Uri, content: bytes, content_type: str = "application/json") -> None:
            written.append(uri.key)
            real(self, uri, content, content_type)

        monkeypatch.setattr(Storage, "write", write)
        report_here(ready)
        layout = ready.layout
        assert written == [layout.report_json.key, layout.report_pdf.key, layout.success_marker.key]

    def test_a_clean_night_needs_no_figure_of_reasons(self, ready: Night) -> None:
        quality = ready.json(ready.layout.quality.key)
        files = [file | {"accepted": file["accepted"] + file["rejected"], "rejected": 0} for file in quality["files"]]
        change(ready, ready.layout.quality, reasons={}, files=files)
        change(ready, ready.layout.summary, quarantined=0)
        report_here(ready)
        reader = PdfReader(io.BytesIO(ready.get(ready.layout.report_pdf.key)))
        assert sum(len(page.images) for page in reader.pages) == 5


class TestRefusals:
    """A report on nine shards of ten looks as convincing as one on ten."""

    @pytest.mark.parametrize("part", ["result", "result_vector"])
    def test_missing_results(self, ready: Night, part: str) -> None:
        for shard in (1, 3):
            ready.s3.delete_object(Bucket=ready.output_bucket, Key=getattr(ready.layout, part)(shard).key)
        refused(ready, r"2 of 4 shards have no result in s3://.*: 1, 3; run risk-calculation for them")

    def test_results_of_shards_that_the_run_does_not_have(self, ready: Night) -> None:
        for copy, original in (
            (ready.layout.result(4), ready.layout.result(0)),
            (ready.layout.result_vector(4), ready.layout.result_vector(0)),
        ):
            ready.s3.put_object(Bucket=copy.bucket, Key=copy.key, Body=ready.get(original.key))
        refused(ready, "shard-00004.json, shard-00004.npy; their trades would count double")

    def test_the_same_shard_under_two_numbers(self, ready: Night) -> None:
        for name in ("result", "result_vector"):
            copy, original = getattr(ready.layout, name)(1), getattr(ready.layout, name)(0)
            ready.s3.put_object(Bucket=copy.bucket, Key=copy.key, Body=ready.get(original.key))
        refused(ready, r"shard-00001.json does not belong to the other results: shard is 0, must be 1")

    def test_shards_of_another_model(self, ready: Night) -> None:
        calculate(ready.job("risk-calculation", RiskEnvironment, BATCH_SHARDS="[2]", BATCH_SCENARIOS="3000"))
        refused(ready, "shard-00002.json does not belong to the other results: model is .*scenarios=3000")

    def test_results_of_another_run(self, ready: Night) -> None:
        change(ready, ready.layout.result(2), run_id="other")
        refused(ready, "run_id is other, must be nightly-1")

    def test_results_of_other_trades(self, ready: Night) -> None:
        change(ready, ready.layout.result(2), trades=7)
        refused(ready, "trades is 7, must be 150")

    def test_a_shard_list_that_contradicts_the_summary(self, ready: Night) -> None:
        change(ready, ready.layout.summary, trades=12)
        refused(ready, "contradict each other; run data-ingestion again")

    def test_a_vector_that_is_being_rewritten_is_worth_another_try(self, ready: Night) -> None:
        uri = ready.layout.result_vector(1)
        ready.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=ready.get(ready.layout.result_vector(0).key))
        refused(ready, "an attempt is writing it just now", TryAgainError)

    def test_no_ingestion(self, night: Night) -> None:
        refused(night, "summary.json does not exist; the run's earlier jobs must finish first")

    def test_as_a_process_exits_65(self, ready: Night) -> None:
        ready.s3.delete_object(Bucket=ready.output_bucket, Key=ready.layout.result(0).key)
        outcome = ready.run("report-generation")
        assert outcome.exit_code == 65
        assert "1 of 4 shards have no result" in outcome.message


@pytest.mark.parametrize(
    ("units", "text"),
    [
        (0, "0.00"),
        (12_345, "1.23"),
        (-9_999_999, "\N{MINUS SIGN}1,000"),
        (57_512_345_678, "5.75 m"),
        (-10_000_000, "\N{MINUS SIGN}1.00 k"),
        (20_600_000_000_000, "2.06 bn"),
    ],
)
def test_money_as_people_read_it(units: int, text: str) -> None:
    assert short(units) == text
