"""The JSON documents that the workflow, the client and the jobs exchange: docs/jobs.md as types.

A document that does not fit its type is the sender's fault and ends the job with `BadInputError`, naming the field, the
value and what was expected. Unknown keys are refused: a misspelt key must not pass for an absent one.
"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from batch_runtime.errors import BadInputError
from batch_runtime.layout import MAX_SHARDS

MAX_INLINE_NUMBERS = 1_000
"""Above this many shards the summary leaves `numbers` empty: the workflow's state must stay far below 256 KiB."""

MAX_KEY_BYTES = 1_024
"""Of an S3 key in UTF-8: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""
_NAMED_PROBLEMS = 10
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _iso_date(value: object) -> date:
    """Keep pydantic from reading a Unix timestamp as a date."""
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError("not a date as YYYY-MM-DD")


def _short_key(value: str) -> str:
    if len(value.encode()) > MAX_KEY_BYTES:
        raise ValueError(f"longer than the {MAX_KEY_BYTES:,} bytes that S3 allows a key")
    return value


IsoDate = Annotated[date, BeforeValidator(_iso_date)]
"""A day written YYYY-MM-DD and in no other way."""
ShardNumber = Annotated[int, Field(ge=0, lt=MAX_SHARDS)]
Sha256 = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
]


T = TypeVar("T")


@cache
def _adapter(shape: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(shape)


@cache
def _json_schema(adapter: TypeAdapter[Any]) -> Mapping[str, Any]:
    return adapter.json_schema()


class Document(BaseModel):
    """A JSON object with a declared shape."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, content: bytes, source: str) -> Self:
        """Read `content`; `source` names the object in the message of the `BadInputError` that a misfit raises."""
        adapter: TypeAdapter[Self] = _adapter(cls)
        return _read(adapter, content, source)

    def to_json(self) -> bytes:
        """The document as the same bytes whenever its content is the same."""
        return encode(self.model_dump(mode="json"))


class ManifestFile(Document):
    """A trade file that the client promises."""

    key: Annotated[str, AfterValidator(_short_key)] = Field(
        pattern=r"^[^/].*\.(csv|parquet)$", examples=["incoming/2026-11-20/trades-1.csv"]
    )
    sha256: Sha256
    rows: int = Field(ge=0, lt=2**40, examples=[5000])


class Manifest(Document):
    """What the client promises for a business date; written last, after every file that it names."""

    business_date: IsoDate = Field(examples=["2026-11-20"])
    files: tuple[ManifestFile, ...] = Field(
        min_length=1, examples=[[{"key": "incoming/2026-11-20/trades-1.csv", "sha256": "9f86d0…", "rows": 5000}]]
    )


class ShardReference(Document):
    """A line of the shard list."""

    shard: ShardNumber
    uri: str
    trades: int = Field(ge=1)
    sha256: Sha256 | None = None
    """Of the partition's bytes; who reads the partition checks it when it is there."""
    bytes: int | None = Field(default=None, ge=1)
    """Size of the partition."""


class IngestionSummary(Document):
    """What ingestion hands to the workflow."""

    run_id: str
    business_date: IsoDate
    shards: int = Field(ge=1, le=MAX_SHARDS)
    trades: int = Field(ge=1)
    quarantined: int = Field(ge=0)
    shards_uri: str
    numbers: tuple[ShardNumber, ...]


class FileQuality(Document):
    """What became of the rows of a trade file."""

    key: str
    sha256: Sha256
    accepted: int = Field(ge=0)
    rejected: int = Field(ge=0)


class QualityDocument(Document):
    """What ingestion accepted and rejected, for the report."""

    run_id: str
    files: tuple[FileQuality, ...]
    reasons: dict[str, int]
    """Column or rule -> rejected rows that broke it; a row may break several."""
    rejected_uri: str


class SuccessMarker(Document):
    """What the deadline watch looks for."""

    run_id: str
    business_date: IsoDate
    report_uri: str
    json_uri: str
    finished_at: datetime
    missing_shards: Annotated[int, Field(ge=1)] | None = None
    """Shards that a partial report lacks; absent where it is whole."""

    def to_json(self) -> bytes:
        """See `Document.to_json`."""
        return encode(self.model_dump(mode="json", exclude_none=True))


_SHARD_LIST = TypeAdapter(tuple[ShardReference, ...])


def read_shard_list(content: bytes, source: str) -> tuple[ShardReference, ...]:
    """Read a shard list; a number that is missing or double is the writer's fault and raises `BadInputError`."""
    shards = _read(_SHARD_LIST, content, source)
    if [shard.shard for shard in shards] != list(range(len(shards))):
        raise BadInputError(
            f"{source} must number its shards 0, 1, 2, … without a gap or a double; run data-ingestion again"
        )
    return shards


def write_shard_list(shards: tuple[ShardReference, ...]) -> bytes:
    """The inverse of `read_shard_list`."""
    return encode([shard.model_dump(mode="json", exclude_none=True) for shard in shards])


def encode(value: Any) -> bytes:
    """JSON as this project writes it: UTF-8, declared order, no optional white space, NaN refused."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _read(adapter: TypeAdapter[T], content: bytes, source: str) -> T:
    """Check that `content` is plain JSON, then that it has the adapter's shape; raises `BadInputError`."""
    try:
        text = content.decode("utf-8-sig")
        json.loads(text, object_pairs_hook=_refuse_twins, parse_constant=_refuse_constant)
    except RecursionError:
        raise BadInputError(f"{source} is nested too deeply; send it again as the documentation shows it") from None
    except ValueError as error:
        raise BadInputError(f"{source} is not JSON: {_shorten(str(error))}; send it again as UTF-8 JSON") from None
    try:
        return adapter.validate_json(text, strict=True)
    except ValidationError as error:
        raise BadInputError(f"{source} is not as it must be: {_explain(error, adapter)}") from None


def _refuse_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of two values of one key a parser would silently take the last."""
    read = dict(pairs)
    if len(read) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} comes twice in one object")
    return read


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


_PLAIN_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here; is it misspelt?",
    "too_short": "must have at least {min_length} entry",
    "too_long": "must have at most {max_length} entries",
    "string_pattern_mismatch": "must match {pattern}",
    "value_error": "is {error}",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be a text",
    "string_unicode": "must be a text without lone surrogates",
    "tuple_type": "must be an array",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "json_invalid": "is not JSON: {error}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
}
"""pydantic's names of misfits -> what they are to whoever sends documents; others keep pydantic's words."""


def _explain(error: ValidationError, adapter: TypeAdapter[Any]) -> str:
    """The first misfits as "field: what is wrong, got value", each with the field's example as the way out.

    pydantic counts the good entries only, and so calls an array of bad ones too short: that is left out.
    """
    problems = []
    schema = _json_schema(adapter)
    misfits = [item for item in error.errors(include_url=False) if not (item["type"] == "too_short" and item["input"])]
    for item in misfits[:_NAMED_PROBLEMS]:
        field = ".".join(str(part)[:80] for part in item["loc"]) or "document"
        words = _PLAIN_WORDS.get(item["type"])
        wrong = words.format_map(item.get("ctx", {})) if words else item["msg"]
        got = "" if item["type"] in ("missing", "json_invalid") else f", got {_shorten(item['input'])}"
        problems.append(f"{field}: {wrong}{got}{_example(schema, item['loc'])}")
    more = len(misfits) - len(problems)
    return "; ".join(problems) + (f"; and {more:,} more" if more else "")


def _example(schema: Mapping[str, Any], location: tuple[int | str, ...]) -> str:
    """The example declared for the field at `location`, looked up in the document's own JSON schema."""
    node: Mapping[str, Any] = schema
    for part in location:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
    return f" (for example {json.dumps(node['examples'][0], ensure_ascii=False)})" if node.get("examples") else ""


def _shorten(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}…"
