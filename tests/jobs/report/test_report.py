"""report-generation: right, readable, and written in the order that the deadline check relies on."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader

from batch_runtime.layout import S3Uri
from batch_runtime.storage import Storage
from report_generation.money import short
from risk_results import UNITS_PER_USD
from risk_results.files import combine
from risk_results.measures import tail_measure
from tests.jobs.harness import Night
from tests.jobs.portfolios import profit, stored
from tests.jobs.report.nights import change, report_here


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
        shards = [stored(ready, number) for number in range(4)]
        portfolio_vector = profit(combine(shards))
        document = ready.json(ready.layout.report_json.key)
        for stated in document["portfolio"]["measures"]:
            measure = tail_measure(portfolio_vector, round(stated["level"] * 1000))
            assert stated["value_at_risk"] == measure.value_at_risk / UNITS_PER_USD
            assert stated["expected_shortfall"] == pytest.approx(measure.expected_shortfall / UNITS_PER_USD, abs=1e-4)
        alone = sum(tail_measure(profit(shard), 990).value_at_risk for shard in shards) / UNITS_PER_USD
        assert document["portfolio"]["measures"][-1]["value_at_risk"] < alone

    def test_parts_add_up_to_the_whole(self, ready: Night) -> None:
        report_here(ready)
        document = ready.json(ready.layout.report_json.key)
        whole = document["portfolio"]["exposure"]
        classes = [group for group in document["groups"] if group["dimension"] == "asset_class"]
        currencies = document["exposures"]["currency"].values()
        for side in ("long", "short", "gross", "net"):
            assert sum(part[side] for part in currencies) == pytest.approx(whole[side], abs=0.01)
            assert sum(group["exposure"][side] for group in classes) == pytest.approx(whole[side], abs=0.01)
        headline = document["portfolio"]["measures"][-1]
        assert (headline["level"], len(classes)) == (0.99, 5)
        components = sum(group["component_expected_shortfall"] for group in classes)
        assert components == pytest.approx(headline["expected_shortfall"], abs=0.01)
        assert sum(group["trades"] for group in classes) == document["portfolio"]["trades"]
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
            "page 1 of 5",
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
