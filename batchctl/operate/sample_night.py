"""A generated night's input, for a first run: trade files and a truthful manifest, as docs/jobs.md describes them.

Needs nothing but Python's standard library, so that it works wherever `batchctl` does. The same date and number of
trades give the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import json
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from batchctl import project as projects
from batchctl.errors import OperatorError
from batchctl.operate.status import next_deadline
from batchctl.program import stack_settings

FILES: Final = 2

COLUMNS: Final = (
    "trade_id",
    "instrument",
    "asset_class",
    "quantity",
    "price",
    "currency",
    "fx_to_usd",
    "volatility",
    "correlation",
    "delta",
    "gamma",
    "trade_date",
)

_CURRENCIES: Final = {"USD": 1.0, "EUR": 1.0842, "GBP": 1.2675, "JPY": 0.0066}
_CLASSES: Final = {
    "equity": (20.0, 400.0, 0.3),
    "bond": (85.0, 108.0, 0.06),
    "fx": (0.9, 1.6, 0.09),
    "commodity": (15.0, 2500.0, 0.25),
    "credit": (92.0, 104.0, 0.1),
}
"""Lowest and highest price and the annual volatility."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What was written."""

    business_date: str
    files: tuple[str, ...]
    """Paths below the folder, the manifest last; they are the keys in the input bucket too."""
    next_commands: tuple[str, ...]


def write(out: Path, stack: str, *, trades: int, now: datetime | None = None) -> Sample:
    """Writes the night for the next business date of `stack` into `out`.

    Raises OperatorError when `out` holds something, or when it cannot be written.
    """
    config = stack_settings(projects.find().stack(stack))
    start = config.workflow.start
    day = next_deadline(config, now or datetime.now(UTC)).date()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OperatorError(f"--out {out} is not empty: name a folder that does not exist, for example --out night.")
    folder = out / start.prefix / day.isoformat()
    try:
        folder.mkdir(parents=True)
        keys = [_trades(folder / f"trades-{number}.csv", day, trades, number) for number in range(1, FILES + 1)]
        promises = [
            {
                "key": path.relative_to(out).as_posix(),
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "rows": rows,
            }
            for path, rows in keys
        ]
        manifest = folder / start.suffix
        manifest.write_text(json.dumps({"business_date": day.isoformat(), "files": promises}, indent=2) + "\n")
    except OSError as error:
        raise OperatorError(f"--out {out}: {error.strerror}; name a folder that you may write.") from error
    key = manifest.relative_to(out).as_posix()
    bucket = f"s3://$(pulumi stack output inputBucketName --stack {stack})"
    return Sample(
        business_date=day.isoformat(),
        files=(*(str(promise["key"]) for promise in promises), key),
        next_commands=(
            f"aws s3 cp --recursive {out}/ {bucket}/ --exclude '*{start.suffix}'   # trade files first",
            f"aws s3 cp {out}/{key} {bucket}/{key}   # the manifest last: it starts the run",
            f".venv/bin/batchctl status --stack {stack}",
        ),
    )


def _trades(path: Path, day: date, trades: int, number: int) -> tuple[Path, int]:
    """Writes this file's share of the trades; its path and its number of rows."""
    chance = random.Random(f"{day} {trades} {number}")
    first, last = trades * (number - 1) // FILES, trades * number // FILES
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_trade(chance, day, trade) for trade in range(first, last))
    return path, last - first


def _trade(chance: random.Random, day: date, number: int) -> tuple[str | float, ...]:
    kind = chance.choice(list(_CLASSES))
    lowest, highest, volatility = _CLASSES[kind]
    currency = chance.choice(list(_CURRENCIES))
    return (
        f"T-{number + 1:08d}",
        f"{kind[:2].upper()}-{currency}-{chance.randrange(100):03d}",
        kind,
        chance.choice((-1, 1)) * chance.randrange(1, 5000),
        round(chance.uniform(lowest, highest), 4),
        currency,
        _CURRENCIES[currency],
        volatility,
        round(chance.uniform(-0.2, 0.8), 4),
        1.0,
        0.0,
        (day - timedelta(days=chance.randrange(20))).isoformat(),
    )
