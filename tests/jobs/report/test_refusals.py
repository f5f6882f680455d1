"""What the report refuses."""

from dataclasses import replace

import pytest

from risk_calculation.job import RiskEnvironment, calculate
from risk_results.documents import digest
from risk_results.files import result_uri
from tests.jobs.harness import Night
from tests.jobs.portfolios import put_json, stored
from tests.jobs.report.nights import change, put, refused, remove, report_here


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
