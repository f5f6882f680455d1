"""A night that waits for its report."""

import json
from collections.abc import Callable

import pytest

from risk_calculation.job import RiskEnvironment, calculate
from sandbox.demo import portfolio
from tests.jobs.harness import Night
from tests.jobs.ingestion.trade_files import ingest_here


@pytest.fixture
def ready(night: Night, with_portfolio: Callable[[int], portfolio.Portfolio]) -> Night:
    """A night whose first two jobs are done: 600 rows in shards of 150."""
    with_portfolio(600)
    night.settings = {"BATCH_SHARD_SIZE": "150", "BATCH_SCENARIOS": "2000"}
    ingest_here(night)
    numbers = night.json(night.layout.summary.key)["numbers"]
    calculate(night.job("risk-calculation", RiskEnvironment, BATCH_SHARDS=json.dumps(numbers)))
    return night
