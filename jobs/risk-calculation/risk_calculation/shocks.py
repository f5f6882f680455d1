"""A file of shocks: scenarios as data, for past days (historical simulation) and for stress tests.

Parquet; every row is a scenario over the whole horizon. Columns hold relative changes of price, -0.3 for 30 % down:
`instrument:<name>`, else `asset_class:<name>`, else `instrument` for all others; `currency:<code>`, else `currency`,
against the US dollar. An optional column `scenario` names the rows. A factor without any column is refused: left out,
it would look safe.
"""

import math
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from batch_runtime.errors import BadInputError
from risk_calculation.scenarios import Basis, Doubles, Factor, rounded
from risk_results.documents import MAX_LABELLED, MAX_SCENARIOS, SCALES, ScenarioSet

LOWEST, HIGHEST = -1.0, 10.0
"""Bounds of a shock: nothing loses more than all of its price, or gains more than ten times."""
_COLUMN = re.compile(r"(instrument|asset_class|currency):[A-Za-z0-9][A-Za-z0-9._:-]{0,63}|instrument|currency")
_LABELS = "scenario"


class Shocks:
    """The scenarios of one file."""

    scaled = False

    def __init__(self, spec: ScenarioSet, path: Path, source: str) -> None:
        self.spec = spec
        self._source = source
        self._columns = _movements(path, source)

    def basis(self, factor: Factor) -> Basis:
        """See `Source.basis`; raises `BadInputError` for a factor that the file does not move."""
        names = [f"{factor.kind}:{factor.name}", factor.kind]
        if factor.kind == "instrument":
            names.insert(1, f"asset_class:{factor.asset_class}")
        for name in names:
            if name in self._columns:
                return rounded(self._columns[name], SCALES["shocks"])
        raise BadInputError(
            f"{self._source} says nothing about {factor.kind} {factor.name}: give it one of the columns "
            f"{', '.join(names)}"
        )


def read_shocks(path: Path, name: str, sha256: str, source: str) -> Shocks:
    """Read the file at `path`; `source` names it in the message of the `BadInputError` that a misfit raises."""
    try:
        with pq.ParquetFile(path) as file:
            count = file.metadata.num_rows
            _require_shape(file.schema_arrow, count, source)
            labelled = _LABELS in file.schema_arrow.names and count <= MAX_LABELLED
            labels = _labels(file.read(columns=[_LABELS]).column(0), source) if labelled else ()
        spec = ScenarioSet(name=name, kind="shocks", scenarios=count, sha256=sha256, labels=labels)
    except ValidationError as error:
        raise BadInputError(
            f"{source}: {error.errors()[0]['msg']}, got {error.errors()[0]['input']!r:.80}; a file is named for its "
            "set of scenarios, for example historical-2008.parquet, and a scenario by up to 80 characters"
        ) from None
    except (pa.ArrowException, OSError, UnicodeError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadInputError(f"{source} is not Parquet: {error!s:.300}; send it again") from None
    return Shocks(spec, path, source)


def _movements(path: Path, source: str) -> dict[str, Doubles]:
    columns = {}
    try:
        table = pq.read_table(path)
        table.validate(full=True)
        for name in table.column_names:
            if name == _LABELS:
                continue
            values: Doubles = pc.cast(table.column(name), pa.float64()).to_numpy()
            low, high = float(np.min(values)), float(np.max(values))
            if not (low >= LOWEST and high <= HIGHEST) or math.isnan(low):
                raise BadInputError(
                    f"{source}: {name} must hold relative changes from {LOWEST:g} to {HIGHEST:g}, for example -0.3 for "
                    f"30 % down; got {low:g} to {high:g}"
                )
            columns[name] = values
    except (pa.ArrowException, OSError, UnicodeError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadInputError(f"{source} cannot be read: {error!s:.300}; send it again") from None
    return columns


def _require_shape(schema: pa.Schema, count: int, source: str) -> None:
    names = [name for name in schema.names if name != _LABELS]
    strange = [name for name in names if not _COLUMN.fullmatch(name)]
    if strange or not names or len(set(schema.names)) < len(schema.names):
        raise BadInputError(
            f"{source} has the columns {', '.join(schema.names)[:200]}; each must be there once and be named "
            "instrument:<name>, asset_class:<name>, instrument, currency:<code>, currency or scenario"
        )
    if not 1 <= count <= MAX_SCENARIOS:
        raise BadInputError(f"{source} has {count} rows; a set has 1 to {MAX_SCENARIOS:,} scenarios, one a row")


def _labels(column: pa.ChunkedArray, source: str) -> tuple[str, ...]:
    column.validate(full=True)
    labels = pc.fill_null(pc.cast(column, pa.string()), "").to_pylist()
    if not all(label.isprintable() for label in labels):
        raise BadInputError(f"{source}: a scenario's name must be printable, for example Lehman week 2008")
    return tuple(labels)
