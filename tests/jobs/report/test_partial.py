"""A report that lacks shards: only where the run tolerates it, and it says so before anything else."""

import pytest

from risk_results import UNITS_PER_USD
from risk_results.files import combine
from risk_results.measures import value_at_risk
from settings import parse
from tests.jobs.harness import Night
from tests.jobs.portfolios import profit, stored
from tests.jobs.report.nights import pdf_text, refused, remove, report_here

TOLERATED = "BATCH_TOLERATED_FAILURE_PERCENT"


@pytest.fixture
def lacking(ready: Night) -> Night:
    """A night whose shard 2 of 4 has no result."""
    for first, last in ((0, 3), (2, 2)):
        remove(ready, first, last)
    return ready


def test_says_what_is_missing(lacking: Night) -> None:
    lacking.settings[TOLERATED] = "25"
    report_here(lacking)
    document = lacking.json(lacking.layout.report_json.key)
    assert document["missing"] == {"shards": [2], "trades": 150}
    assert document["portfolio"]["trades"] == 445
    first = document["warnings"][0]
    assert first.startswith("This report is partial: 150 of 595 trades (25")
    assert first.endswith("were not valued and are in no number. Shards without a result: 2.")
    text = pdf_text(lacking)
    for words in ("Overnight risk report, partial", "445 of 595", "Shards without a result: 2"):
        assert words in text
    assert lacking.json(lacking.layout.success_marker.key)["missing_shards"] == 1


def test_numbers_are_those_of_the_shards_that_are_there(lacking: Night) -> None:
    lacking.settings[TOLERATED] = "25"
    report_here(lacking)
    measures = lacking.json(lacking.layout.report_json.key)["portfolio"]["measures"]
    present = profit(combine([stored(lacking, shard) for shard in (0, 1, 3)]))
    assert measures[-1]["value_at_risk"] == value_at_risk(present, 990) / UNITS_PER_USD


@pytest.mark.parametrize(("percent", "words"), [("0", "1 of 4 shards have no result"), ("24", "24 % may be missing")])
def test_more_than_tolerated_is_refused(lacking: Night, percent: str, words: str) -> None:
    lacking.settings[TOLERATED] = percent
    refused(lacking, words)


def test_a_run_without_any_result_is_refused_whatever_it_tolerates(lacking: Night) -> None:
    lacking.settings[TOLERATED] = "100"
    for shard in (0, 1, 3):
        remove(lacking, shard, shard)
    refused(lacking, "4 of 4 shards have no result")


def test_a_broken_result_is_no_missing_one(lacking: Night) -> None:
    lacking.settings[TOLERATED] = "100"
    key = lacking.layout.results_prefix.key + "shard-00001.risk"
    lacking.s3.put_object(Bucket=lacking.output_bucket, Key=key, Body=b"cut")
    refused(lacking, "shard-00001.risk is not a whole result file")


def test_a_whole_report_says_so(ready: Night) -> None:
    ready.settings[TOLERATED] = "25"
    report_here(ready)
    assert ready.json(ready.layout.report_json.key)["missing"] == {"shards": [], "trades": 0}
    assert "missing_shards" not in ready.json(ready.layout.success_marker.key)
    assert "partial" not in pdf_text(ready)


def test_the_platform_tells_the_report_what_the_fan_out_tolerates() -> None:
    fan_out = {"risk-calculation": {"fanOut": {"toleratedFailurePercent": 5}}}
    jobs = parse({"jobs": fan_out}, stack="dev").jobs
    assert jobs["report-generation"].environment == {TOLERATED: "5"}
    assert TOLERATED not in jobs["risk-calculation"].environment | jobs["data-ingestion"].environment
    assert parse({}, stack="dev").jobs["report-generation"].environment == {}
    stricter = {**fan_out, "report-generation": {"environment": {TOLERATED: "1"}}}
    assert parse({"jobs": stricter}, stack="dev").jobs["report-generation"].environment == {TOLERATED: "1"}


def test_as_a_process(lacking: Night) -> None:
    outcome = lacking.run("report-generation", BATCH_TOLERATED_FAILURE_PERCENT="30")
    assert outcome.exit_code == 0, outcome.stdout
    assert (outcome.metrics["MissingShards"], outcome.metrics["Shards"], outcome.metrics["Trades"]) == (1, 3, 445)
    assert lacking.run("report-generation", BATCH_TOLERATED_FAILURE_PERCENT="101").exit_code == 64
