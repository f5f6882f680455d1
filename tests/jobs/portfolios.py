"""Trades, models and partitions for the tests of risk-calculation and report-generation."""

import hashlib
import io
import json
import random
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data_ingestion.schema import PARTITION_SCHEMA
from risk_calculation.aggregation import Aggregation
from risk_calculation.exposures import Exposures
from risk_calculation.scenarios import MODEL_VERSION, Generated, MovementCache, Source
from risk_calculation.trades import Trades
from risk_calculation.valuation import amounts_of, profit_of, workers
from risk_results.documents import SCALES, Header, Model, Part, ScenarioSet
from risk_results.exact import Amounts
from risk_results.files import Result, result_uri
from risk_results.measures import Vector
from sandbox.demo import portfolio
from tests.jobs.harness import Night

DAY = portfolio.DEFAULT_BUSINESS_DATE
Row = dict[str, object]
UNGROUPED = pa.schema([field for field in PARTITION_SCHEMA if field.name not in ("desk", "book")])
"""A partition without the optional columns, as another writer may leave it."""
GROUPED = pa.schema([*UNGROUPED, pa.field("desk", pa.string()), pa.field("book", pa.string())])
"""One with them, which may be null."""


def model(scenarios: int = 2_000, horizon_days: int = 1, fx_volatility: float = 0.0, seed: str = "") -> Model:
    return Model(
        version=MODEL_VERSION,
        business_date=DAY,
        seed=seed,
        horizon_days=horizon_days,
        fx_volatility=fx_volatility,
        sets=(ScenarioSet(name="monte-carlo", kind="generated", scenarios=scenarios),),
    )


def trade(**changes: object) -> Row:
    return {
        "trade_id": "T-1",
        "instrument": "EQ-1",
        "asset_class": "equity",
        "quantity": 1_000.0,
        "price": 100.0,
        "currency": "USD",
        "fx_to_usd": 1.0,
        "volatility": 0.2,
        "correlation": 0.5,
        "delta": 1.0,
        "gamma": 0.0,
        "trade_date": DAY,
    } | changes


def batch(rows: Sequence[Row]) -> pa.RecordBatch:
    """As a partition holds them; with desk and book when a row has one."""
    grouped = any("desk" in row or "book" in row for row in rows)
    return pa.RecordBatch.from_pylist(list(rows), schema=GROUPED if grouped else UNGROUPED)


def trades(rows: Sequence[Row]) -> Trades:
    return Trades.of(batch(rows), "the test's partition")


def amounts(
    rows: Sequence[Row], of: Model, *, sources: list[Source] | None = None, threads: int = 1, batches: int = 1
) -> Amounts:
    """What the groups of `rows` gain."""
    aggregation = Aggregation(of)
    for start in range(batches):
        part = rows[start * len(rows) // batches : (start + 1) * len(rows) // batches]
        if part:
            aggregation.add(trades(part))
    with workers(threads) as pool:
        return amounts_of(aggregation.cells(), sources or [Generated(of)], MovementCache(), pool)


def value(rows: Sequence[Row], of: Model) -> Vector:
    """Profit and loss of all rows together, in units."""
    generated = Generated(of)
    gains = amounts([row | {"asset_class": "equity"} for row in rows], of, sources=[generated])
    return np.asarray(profit_of(gains.total(slice(0, 1)), generated)[0])


def result(rows: Sequence[Row], of: Model, shard: int = 0, run_id: str = "nightly-1") -> Result:
    """What the job would write about a shard."""
    exposures = Exposures(of, Generated(of))
    exposures.add(trades(rows))
    header = Header(
        run_id=run_id,
        model=of,
        parts=(Part(shard=shard, trades=len(rows), partition_sha256=hashlib.sha256(partition(rows)).hexdigest()),),
        groups=exposures.groups(),
        by_currency=exposures.by_currency,
        fx_rates=exposures.fx_rates,
        riskiest=exposures.riskiest(),
        curved_trades=exposures.curved,
        instruments=len(exposures.instruments),
    )
    return Result(header, amounts(rows, of), exposures.instruments)


def partition(rows: Sequence[Row]) -> bytes:
    """The Parquet file of a shard."""
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_batches([batch(rows)]), buffer, row_group_size=8_192)
    return buffer.getvalue()


def put_shards(night: Night, shards: Sequence[Sequence[Row] | bytes], counts: Sequence[int] | None = None) -> None:
    """Write partitions and their list as data-ingestion would; `counts` where the content is given as bytes."""
    listed = []
    for shard, rows in enumerate(shards):
        content = rows if isinstance(rows, bytes) else partition(rows)
        uri = night.layout.shard(shard)
        night.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=content)
        listed.append({"shard": shard, "uri": str(uri), "trades": counts[shard] if counts else len(rows)})
    put_json(night, night.layout.shard_list.key, listed)


def put_json(night: Night, key: str, value: object) -> None:
    night.s3.put_object(Bucket=night.output_bucket, Key=key, Body=json.dumps(value).encode())


def stored(night: Night, first: int, last: int | None = None) -> Result:
    """A result that the job wrote."""
    uri = result_uri(night.layout, first, first if last is None else last)
    return Result.from_bytes(night.get(uri.key), str(uri))


def profit(of: Result) -> Vector:
    """Of a result's trades in the generated scenarios, in units."""
    rows = [row for row, group in enumerate(of.header.groups) if group.dimension == "asset_class"]
    end = of.header.model.sets[0].scenarios
    total = of.amounts.columns(0, end).total(slice(rows[0], rows[-1] + 1))
    return np.asarray(total.scaled_down(*SCALES["generated"])[0])


def results(count: int) -> list[Result]:
    """Results of as many shards, the same at each call: nine instruments, three books, two currencies."""
    of = model(1_000, fx_volatility=0.08)
    rng = random.Random(4)
    return [
        result(
            [
                trade(
                    trade_id=f"T-{shard}-{n}",
                    instrument=f"EQ-{rng.randrange(9)}",
                    quantity=rng.uniform(-9e5, 9e5),
                    gamma=rng.choice([0.0, 9.5]),
                    currency=rng.choice(["USD", "EUR"]),
                    book=f"B-{rng.randrange(3)}",
                )
                for n in range(30)
            ],
            of,
            shard,
        )
        for shard in range(count)
    ]
