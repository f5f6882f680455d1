"""Proposals for a night: within the window and the quota, the cheapest there is, from measured times."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from batchctl import cli, sizing
from batchctl.costs.prices import TABLE
from batchctl.errors import OperatorError
from batchctl.sizing import Proposal, propose
from batchctl.timings import Timings, load_timings
from data_ingestion.job import IngestionEnvironment
from risk_calculation.job import RiskEnvironment
from settings import parse

TIMINGS = Timings(
    machine="a table",
    date="2026-11-21",
    container=45,
    start=1,
    shard=0.03,
    row=1e-6,
    draw=3e-8,
    gain=2e-8,
    ingest_row=1e-6,
    report=2,
    report_result=0.003,
)


def test_the_committed_times_can_be_read() -> None:
    timings = load_timings()
    assert timings.machine and timings.date
    assert timings.gain > 0


def test_a_million_trades_take_few_large_tasks() -> None:
    """Starting a task takes longer than valuing a hundred thousand trades."""
    proposal = propose(1_000_000, 20_000, 6, 60, TIMINGS)
    assert proposal.fits
    assert proposal.shard_size * proposal.batch >= 100_000
    assert proposal.makespan_minutes < 60
    assert proposal.usd < 0.05


def test_more_at_once_when_the_window_is_short() -> None:
    slow = replace(TIMINGS, row=1e-3)
    patient, hurried = propose(1_000_000, 20_000, 64, 600, slow), propose(1_000_000, 20_000, 64, 3.5, slow)
    assert patient.fits and hurried.fits
    assert hurried.makespan_minutes <= 3.5 < patient.makespan_minutes
    assert hurried.at_once > patient.at_once
    assert hurried.usd >= patient.usd


def test_a_window_that_nothing_fits_in() -> None:
    proposal = propose(1_000_000, 20_000, 6, 0.5, TIMINGS)
    assert not proposal.fits
    assert proposal.makespan_minutes > 0.5


def test_by_hand() -> None:
    """One shard on one vCPU: three starts, and what each job does."""
    proposal = propose(1_000, 1_000, 1, 60, TIMINGS, instruments=100)
    work = 0.03 + 1_000 * 1e-6 + 100 * 1_000 * (3e-8 + 2e-8)
    assert (proposal.shard_size, proposal.tasks, proposal.vcpu) == (1_000, 1, 1)
    assert proposal.task_seconds == pytest.approx(46 + work)
    assert proposal.makespan_minutes * 60 == pytest.approx(3 * 46 + 0.001 + work + 0.05 + 2.003)
    hourly = 0.04048 + 2 * 0.004445
    assert proposal.usd == pytest.approx(3 * 60 / 3600 * hourly)  # a minute is billed at least


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 50_000_000),
    st.integers(1_000, 1_000_000),
    st.integers(1, 1_000),
    st.floats(1, 600),
    st.integers(1, 10**5),
)
def test_every_proposal_can_be_deployed(
    trades: int, scenarios: int, quota: int, window: float, instruments: int
) -> None:
    proposal = propose(trades, scenarios, quota, window, TIMINGS, instruments=instruments)
    shards = -(-trades // proposal.shard_size)
    assert shards <= sizing.MAX_SHARDS
    assert proposal.tasks == -(-shards // proposal.batch)
    assert proposal.at_once * proposal.vcpu <= max(quota, 1)
    assert proposal.fits == (proposal.makespan_minutes <= window)
    assert proposal.usd > 0


def test_a_cheaper_way_is_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against all ways, tried one by one."""
    considered: list[Proposal] = []
    real = sizing._ways

    def spy(*arguments: object) -> list[Proposal]:
        considered.extend(real(*arguments))  # type: ignore[arg-type]
        return list(considered)

    monkeypatch.setattr(sizing, "_ways", spy)
    proposal = propose(3_000_000, 20_000, 16, 30, TIMINGS)
    assert proposal.usd <= min(way.usd for way in considered if way.makespan_minutes <= 30) + 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 20_000, 6, 60), "trades must be greater than 0, got 0; valid: 1000000"),
        ((1, 0, 6, 60), "scenarios must be greater than 0"),
        ((1, 1, 0, 60), "the vCPU quota must be greater than 0"),
        ((1, 1, 6, float("nan")), "the window in minutes must be greater than 0, got nan"),
        ((10**12, 1, 6, 60), "do not fit in 100,000 shards"),
    ],
)
def test_arguments_that_no_night_can_have(arguments: tuple[int, int, int, float], message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        propose(*arguments, TIMINGS)


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps(asdict(TIMINGS) | {"row": "x"}), '{"row": -1}'])
def test_a_file_of_times_that_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "timings.json"
    path.write_text(content)
    with pytest.raises(OperatorError, match=r"timings\.json"):
        load_timings(path)


class TestCommand:
    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli.app, ["size", *arguments])

    def test_shard_size_and_batch_are_its_answer_for_a_million_trades(self) -> None:
        """Who changes a default measures again. The task's size is larger than the answer."""
        answer = json.loads(self.run("--trades", "1000000", "--scenarios", "20000", "--json").stdout)
        job = parse({}, stack="dev").jobs["risk-calculation"]
        assert job.fan_out is not None
        assert job.fan_out.batch == answer["batch"]
        assert job.cpu >= 1024 * answer["vcpu"] and job.memory >= 1024 * sizing.GIGABYTES_PER_VCPU * answer["vcpu"]
        assert IngestionEnvironment.model_fields["shard_size"].default == answer["shard_size"]
        assert RiskEnvironment.model_fields["scenarios"].default == 20_000

    def test_what_it_prints_can_be_put_into_a_stack_file(self) -> None:
        done = self.run("--trades", "100000000", "--scenarios", "50000")
        assert done.exit_code == 0
        text = done.stdout[done.stdout.index("  batch-platform:jobs:") :]
        jobs = yaml.safe_load(text)["batch-platform:jobs"]
        config = parse({"jobs": jobs}, stack="dev")
        assert config.jobs["data-ingestion"].environment["BATCH_SHARD_SIZE"] == "1000000"
        assert config.jobs["risk-calculation"].fan_out is not None
        assert config.jobs["risk-calculation"].fan_out.batch > 1

    def test_a_window_that_is_too_short_ends_with_1_and_the_quota_that_would_do(self, tmp_path: Path) -> None:
        slow = tmp_path / "timings.json"
        slow.write_text(json.dumps(asdict(replace(TIMINGS, row=1e-3))))
        arguments = ("--timings", str(slow), "--window", "10", "--quota", "2")
        done = self.run(*arguments)
        assert (done.exit_code, "with a quota of 4 vCPU it would" in done.stdout) == (1, True), done.stdout
        answer = json.loads(self.run(*arguments, "--json").stdout)
        assert (answer["fits"], answer["sufficient_quota"]) == (False, 4)

    def test_quota_and_window_are_the_stacks(self) -> None:
        answer = json.loads(self.run("--stack", "prod", "--json").stdout)
        workflow = parse({}, stack="prod").workflow
        assert answer["vcpu_quota"] == workflow.fargate_vcpu_quota
        assert answer["window_minutes"] == workflow.deadline.window_seconds / 60

    @pytest.mark.parametrize("arguments", [["--trades", "0"], ["--quota", "-1"], ["--stack", "nowhere"]])
    def test_arguments_that_are_refused(self, arguments: list[str]) -> None:
        done = self.run(*arguments)
        assert done.exit_code == 2 or isinstance(done.exception, OperatorError)
        assert "Traceback" not in done.output


def test_few_shards_are_one_task_each() -> None:
    """An inline map knows no batches."""
    for way in sizing._ways(sizing._Night(1_000_000, 20_000, 400, 6, 60, 40), TIMINGS, TABLE):
        shards = -(-1_000_000 // way.shard_size)
        assert way.tasks == (shards if shards <= 40 else -(-shards // way.batch))
