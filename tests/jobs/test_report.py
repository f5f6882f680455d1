"""report-generation: complete or refused, right, readable, written in the order that the deadline watch relies on."""

import io
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader

from batch_runtime.errors import BadInputError
from batch_runtime.layout import S3Uri
from batch_runtime.storage import Storage
from report_generation.instruments import InstrumentSpool
from report_generation.job import ReportEnvironment, report
from report_generation.money import short
from risk_calculation.job import RiskEnvironment, calculate
from risk_results import UNITS_PER_USD
from risk_results.documents import SCALES, digest
from risk_results.files import INSTRUMENT, combine, result_uri
from risk_results.measures import tail_measure
from sandbox.demo import portfolio
from tests.jobs.harness import Night
from tests.jobs.risk import Row, profit, put_json, put_shards, stored, trade
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
    found: dict[str, Any] = night.json(night.layout.report_json.key)
    return found


def pdf_text(night: Night) -> str:
    reader = PdfReader(io.BytesIO(night.get(night.layout.report_pdf.key)))
    return " ".join(" ".join(page.extract_text().split()) for page in reader.pages)


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
            "page 1 of 6",
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


class TestGathering:
    def test_sums_of_tasks_and_single_shards_give_the_same_report(self, ready: Night) -> None:
        report_here(ready)
        whole = ready.get(ready.layout.report_json.key)
        remove(ready, 0, 3)
        calculate(ready.job("risk-calculation", RiskEnvironment, BATCH_SHARDS="[1,2]"))
        report_here(ready)
        assert ready.get(ready.layout.report_json.key) == whole

    def test_few_requests(self, ready: Night, monkeypatch: pytest.MonkeyPatch) -> None:
        read: list[str] = []
        real = Storage.read

        def counted(self: Storage, uri: S3Uri, version: str = "") -> bytes:
            read.append(uri.key)
            return real(self, uri, version)

        monkeypatch.setattr(Storage, "read", counted)
        report_here(ready)
        assert [key for key in read if key.startswith("results/")] == [result_uri(ready.layout, 0, 3).key]

    @pytest.mark.parametrize("how", ["cut", "stale"])
    def test_a_sum_that_does_not_fit_is_left_out(self, ready: Night, how: str) -> None:
        report_here(ready)
        whole = ready.get(ready.layout.report_json.key)
        uri = result_uri(ready.layout, 0, 3)
        result = stored(ready, 0, 3)
        stale = replace(result, header=result.header.model_copy(update={"run_id": "earlier"})).to_bytes()
        content = stale if how == "stale" else result.to_bytes()[:-1]
        ready.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=content)
        report_here(ready)
        assert ready.get(ready.layout.report_json.key) == whole

    def test_instruments_are_added_up_in_scratch(self, tmp_path: Path) -> None:
        """A million instruments in ten results: the same as in memory, and memory far under that of a dictionary."""
        names = np.char.add("EQ-", np.arange(1_000_000).astype(str)).astype("S64")
        rng = np.random.default_rng(3)
        longs = rng.integers(0, 10**9, size=len(names))
        tracemalloc.start()
        with InstrumentSpool(tmp_path) as spool:
            for part in range(10):
                table = np.zeros(200_000, dtype=INSTRUMENT)
                chosen = np.arange(part * 100_000, part * 100_000 + 200_000) % len(names)
                table["name"], table["long"] = names[chosen], longs[chosen]
                table["low"], table["high"] = 1.0, 1.0
                spool.add(table)
            found = spool.totals()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        best = np.lexsort((names, -longs))[:50]
        assert found.count == 1_000_000
        assert [part.name.encode() for part in found.largest] == names[best].tolist()
        assert [part.exposure.long for part in found.largest] == (2 * longs[best]).tolist()
        assert peak < 120e6


class TestBooks:
    def night_of_books(self, night: Night, factor: float = 1.0) -> dict[str, Any]:
        rows = [
            [
                trade(trade_id="T-1", book="Long", desk="Cash", quantity=1_000.0 * factor),
                trade(trade_id="T-2", book="Hedge", desk="Cash", quantity=-700.0),
            ],
            [trade(trade_id="T-3", book="Other", desk="Rates", instrument="BD-1", asset_class="bond", volatility=0.05)],
        ]
        return small(night, rows)

    def test_component_and_incremental(self, night: Night) -> None:
        """A hedge in the same instrument: negative component, and without it the rest loses more."""
        document = self.night_of_books(night)
        books = {group["name"]: group for group in document["groups"] if group["dimension"] == "book"}
        whole = document["portfolio"]["measures"][-1]["expected_shortfall"]
        assert sum(b["component_expected_shortfall"] for b in books.values()) == pytest.approx(whole, abs=0.01)
        hedge, long = books["Hedge"], books["Long"]
        assert hedge["component_expected_shortfall"] < 0 < hedge["expected_shortfall"]
        assert hedge["incremental_expected_shortfall"] < 0
        assert long["expected_shortfall"] / hedge["expected_shortfall"] > 1000 / 701 - 0.3
        vectors = combine([stored(night, 0), stored(night, 1)])
        keys = [(group.dimension, group.name) for group in vectors.header.groups]
        row = keys.index(("book", "Hedge"))
        alone = vectors.amounts.columns(0, 1_000).scaled_down(*SCALES["generated"])[row]
        without = tail_measure(profit(vectors) - alone, 990).expected_shortfall / UNITS_PER_USD
        assert hedge["incremental_expected_shortfall"] == pytest.approx(whole - without, abs=0.01)

    def test_the_pdf_lists_them(self, night: Night) -> None:
        self.night_of_books(night)
        text = pdf_text(night)
        for words in ("By book", "By desk", "By asset class", "Hedge", "Rates", "component ES", "No trade has a gamma"):
            assert words in text

    def test_change_against_the_last_report(self, night: Night) -> None:
        today = night.business_date
        night.business_date, night.run_id = "2026-11-18", "earlier"
        before = self.night_of_books(night)
        night.business_date, night.run_id = today, "nightly-1"
        after = self.night_of_books(night, factor=2.0)
        assert (before["compared_with"], after["compared_with"]) == (None, "2026-11-18")
        assert any("against 2026-11-18" in warning and "Value at risk" in warning for warning in after["warnings"])
        assert "Change since 2026-11-18, by book" in pdf_text(night)

    @pytest.mark.parametrize("content", [b"{}", b"\xff", b"[]", b'{"format": 1}'])
    def test_a_last_report_that_cannot_be_read_is_left_out(self, night: Night, content: bytes) -> None:
        day = "2026-11-19"
        json_uri = f"s3://{night.output_bucket}/reports/{day}/x/report.json"
        marker = {"run_id": "x", "business_date": day, "report_uri": json_uri, "json_uri": json_uri}
        put_json(night, f"reports/{day}/_SUCCESS", marker | {"finished_at": "2026-11-19T05:00:00Z"})
        night.s3.put_object(Bucket=night.output_bucket, Key=f"reports/{day}/x/report.json", Body=content)
        assert self.night_of_books(night)["compared_with"] is None


class TestEdges:
    def test_a_book_worth_nothing(self, night: Night) -> None:
        """Rounds to 0 units: nothing to divide by."""
        document = small(night, [[trade(quantity=1e-6, price=1e-6)]])
        assert document["portfolio"]["exposure"]["gross"] == 0
        assert "there is nothing to lose" in pdf_text(night)

    def test_a_book_that_can_only_gain(self, night: Night) -> None:
        document = small(night, [[trade(delta=0.0, gamma=100.0)]])
        assert document["portfolio"]["measures"][-1]["value_at_risk"] < 0
        text = pdf_text(night)
        assert "gains less than USD" in text
        assert "loses more than" not in text

    def test_a_book_without_risk(self, night: Night) -> None:
        document = small(night, [[trade(volatility=0.0)]])
        assert document["portfolio"]["measures"][-1]["value_at_risk"] == 0
        assert document["portfolio"]["standard_deviation"] == 0

    def test_equal_trades_in_two_shards_are_ranked_by_id(self, night: Night) -> None:
        rows = [trade(trade_id=f"T-{number:02d}") for number in range(40)]
        document = small(night, [rows[20:], rows[:20]])
        assert [risky["trade_id"] for risky in document["riskiest_trades"]] == [f"T-{n:02d}" for n in range(20)]

    def test_text_from_outside_breaks_nothing(self, night: Night) -> None:
        """A dollar sign would start a formula, a bracket a tag, a long word would not fit."""
        small(night, [[trade()]])
        strange = "<b>$x^{\\frac$ " + "w" * 3_000 + "\u0007"
        file = {"key": strange, "sha256": "a" * 64, "accepted": 1, "rejected": 0}
        quality = {"run_id": "x", "files": [file] * 100, "reasons": {strange: 3, "$": 1}, "rejected_uri": strange}
        put_json(night, night.layout.quality.key, quality)
        report_here(night)
        assert "70 more files are in report.json" in pdf_text(night)


class TestWarnings:
    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            (
                [trade(currency="EUR", fx_to_usd=1.08), trade(trade_id="T-2", currency="EUR", fx_to_usd=1.2)],
                "EUR has more than one rate to the US dollar: 1.08 to 1.2",
            ),
            ([trade(price=50.0), trade(trade_id="T-2", price=5e6)], "EQ-1 is priced from USD 50 to 5,000,000"),
            ([trade()], "EQ-1 is 100 % of the gross exposure"),
        ],
    )
    def test_across_rows(self, night: Night, rows: list[Row], message: str) -> None:
        document = small(night, [rows[:1], rows[1:]] if len(rows) > 1 else [rows])
        assert any(message in warning for warning in document["warnings"]), document["warnings"]
        assert "Look at these first" in pdf_text(night)

    def test_a_book_without_faults_has_none(self, night: Night) -> None:
        rows = [trade(trade_id=f"T-{n}", instrument=f"EQ-{n}") for n in range(20)]
        assert small(night, [rows])["warnings"] == []
        assert "Look at these first" not in pdf_text(night)


class TestRefusals:
    """A report on nine shards of ten looks as convincing as one on ten."""

    def test_missing_results(self, ready: Night) -> None:
        for first, last in ((0, 3), (1, 1), (3, 3)):
            remove(ready, first, last)
        refused(ready, r"2 of 4 shards have no result in s3://.*: 1, 3; run risk-calculation for them")

    @pytest.mark.parametrize("name", ["shard-00004.risk", "shards-00002-00004.risk", "shard-00001.json", "x"])
    def test_results_that_the_run_does_not_have(self, ready: Night, name: str) -> None:
        key = ready.layout.results_prefix.key + name
        ready.s3.put_object(Bucket=ready.output_bucket, Key=key, Body=b"x")
        refused(ready, f"holds {name}, results of shards that the run does not have")

    def test_the_same_shard_under_two_numbers(self, ready: Night) -> None:
        remove(ready, 0, 3)
        put(ready, 1, ready.get(result_uri(ready.layout, 0, 0).key))
        refused(ready, r"shard-00001.risk does not belong to the run's trades and other results: shard is 0, must be 1")

    def test_shards_of_another_model(self, ready: Night) -> None:
        remove(ready, 0, 3)
        calculate(ready.job("risk-calculation", RiskEnvironment, BATCH_SHARDS="[2]", BATCH_SCENARIOS="3000"))
        refused(ready, "shard-00002.risk does not belong .*: model is .*scenarios=3000")

    def test_results_of_another_run(self, ready: Night) -> None:
        remove(ready, 0, 3)
        result = stored(ready, 2)
        header = result.header.model_copy(update={"run_id": "other"})
        put(ready, 2, replace(result, header=header).to_bytes())
        refused(ready, "run_id is other, must be nightly-1")

    def test_a_result_that_is_cut_or_changed(self, ready: Night) -> None:
        remove(ready, 0, 3)
        content = bytearray(stored(ready, 2).to_bytes())
        content[-9] ^= 1
        put(ready, 2, bytes(content))
        refused(ready, "shard-00002.risk is not a whole result file: its checksum does not fit; delete it")

    def test_results_of_other_trades_under_the_same_run(self, ready: Night) -> None:
        """The same number of trades in each shard, another price: only the partition's checksum tells."""
        listed = ready.json(ready.layout.shard_list.key)
        for line in listed:
            content = ready.get(ready.layout.shard(line["shard"]).key)
            line |= {"sha256": digest(content), "bytes": len(content)}
        put_json(ready, ready.layout.shard_list.key, listed)
        report_here(ready)
        listed[2]["sha256"] = digest(b"another partition")
        put_json(ready, ready.layout.shard_list.key, listed)
        ready.s3.delete_object(Bucket=ready.output_bucket, Key=ready.layout.report_json.key)
        ready.s3.delete_object(Bucket=ready.output_bucket, Key=ready.layout.report_pdf.key)
        ready.s3.delete_object(Bucket=ready.output_bucket, Key=ready.layout.success_marker.key)
        refused(ready, "partition_sha256 is .*; run risk-calculation for shard 2 again")

    def test_a_shard_list_that_contradicts_the_summary(self, ready: Night) -> None:
        change(ready, ready.layout.summary, trades=12)
        refused(ready, "contradict each other; run data-ingestion again")

    def test_no_ingestion(self, night: Night) -> None:
        refused(night, "summary.json does not exist; the run's earlier jobs must finish first")

    def test_as_a_process_exits_65(self, ready: Night) -> None:
        remove(ready, 0, 3)
        remove(ready, 0, 0)
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
