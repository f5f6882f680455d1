"""The JSON documents that the workflow, the client and the jobs exchange: docs/jobs.md as types.

A document that does not fit its type is the sender's fault and ends the job with `BadInputError`, naming the field, the
value and what was expected. Unknown keys are refused: a misspelt key must not pass for an absent one.
"""

import json
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batch_runtime.errors import BadInputError
from batch_runtime.layout import MAX_SHARDS

MAX_INLINE_NUMBERS = 1_000
"""Above this many shards the summary leaves `numbers` empty: the workflow's state must stay far below 256 KiB."""

ShardNumber = Annotated[int, Field(ge=0, lt=MAX_SHARDS)]
Sha256 = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
]


class Document(BaseModel):
    """A JSON object with a declared shape."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, content: bytes, source: str) -> Self:
        """Read `content`; `source` names the object in the message of the `BadInputError` that a misfit raises."""
        try:
            return cls.model_validate(_parse(content, source))
        except ValidationError as error:
            raise BadInputError(f"{source} is not as it must be: {_explain(error, cls)}") from None

    def to_json(self) -> bytes:
        """The document as the same bytes whenever its content is the same."""
        return encode(self.model_dump(mode="json"))


class ManifestFile(Document):
    """A trade file that the client promises."""

    key: str = Field(pattern=r"^[^/].*\.(csv|parquet)$", max_length=1024, examples=["incoming/2026-11-20/trades-1.csv"])
    sha256: Sha256
    rows: int = Field(ge=0, examples=[5000])


class Manifest(Document):
    """What the client promises for a business date; written last, after every file that it names."""

    business_date: date = Field(examples=["2026-11-20"])
    files: tuple[ManifestFile, ...] = Field(
        min_length=1, examples=[[{"key": "incoming/2026-11-20/trades-1.csv", "sha256": "9f86d0…", "rows": 5000}]]
    )


class ShardReference(Document):
    """A line of the shard list."""

    shard: ShardNumber
    uri: str
    trades: int = Field(ge=1)


class IngestionSummary(Document):
    """What ingestion hands to the workflow."""

    run_id: str
    business_date: date
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
    business_date: date
    report_uri: str
    json_uri: str
    finished_at: datetime


def read_shard_list(content: bytes, source: str) -> tuple[ShardReference, ...]:
    """Read a shard list; a number that is missing or double is the writer's fault and raises `BadInputError`."""
    lines = _parse(content, source)
    if not isinstance(lines, list):
        raise BadInputError(f"{source} must be a JSON array of shards, not {type(lines).__name__}")
    try:
        shards = tuple(ShardReference.model_validate(line) for line in lines)
    except ValidationError as error:
        raise BadInputError(f"{source} is not as it must be: {_explain(error, ShardReference)}") from None
    if [shard.shard for shard in shards] != list(range(len(shards))):
        raise BadInputError(
            f"{source} must number its shards 0, 1, 2, … without a gap or a double; run data-ingestion again"
        )
    return shards


def write_shard_list(shards: tuple[ShardReference, ...]) -> bytes:
    """The inverse of `read_shard_list`."""
    return encode([shard.model_dump(mode="json") for shard in shards])


def encode(value: Any) -> bytes:
    """JSON as this project writes it: UTF-8, declared order, no optional white space, NaN refused."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _parse(content: bytes, source: str) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise BadInputError(f"{source} is not JSON: {error}; send it again as UTF-8 JSON") from None


def _explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Every misfit as "field: what is wrong, got value"; the first field's example as the way out."""
    problems = []
    for item in error.errors(include_url=False):
        field = ".".join(str(part) for part in item["loc"]) or "document"
        got = "" if item["type"] == "missing" else f", got {_shorten(item['input'])}"
        problems.append(f"{field}: {item['msg']}{got}{_example(model, item['loc'])}")
    return "; ".join(problems[:10]) + (f"; and {len(problems) - 10} more" if len(problems) > 10 else "")


def _example(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    """The example declared for the field at `location`, looked up in the model's own JSON schema."""
    schema = model.model_json_schema()
    node: dict[str, Any] = schema
    for part in location:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
    return f" (for example {json.dumps(node['examples'][0], ensure_ascii=False)})" if node.get("examples") else ""


def _shorten(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}…"
