"""data-ingestion's law over manifests."""

import hashlib
import json
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from batch_runtime import documents
from batch_runtime.documents import Manifest
from batch_runtime.errors import BadInputError
from tests.jobs.fuzz.cases import CASES, SEED, cases
from tests.jobs.fuzz.ingestion import DAY, EDGES, Bench, as_csv
from tests.jobs.fuzz.mutations import mutate

if TYPE_CHECKING:
    pass


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | EDGES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@cases(0.15)
@given(
    day=st.just(DAY.isoformat()) | JSON,
    file=st.dictionaries(st.sampled_from(["key", "sha256", "rows", "more"]), JSON, max_size=3),
    more=st.dictionaries(st.text(max_size=8), JSON, max_size=1),
)
def test_manifests_of_odd_values(bench: Bench, day: Any, file: dict[str, Any], more: dict[str, Any]) -> None:
    content = as_csv([{}])
    good = {"key": "a.csv", "sha256": hashlib.sha256(content).hexdigest(), "rows": 1}
    manifest = {"business_date": day, "files": [good | file]} | more
    text = json.dumps(manifest).encode()
    code, _ = bench.run({"a.csv": content, "manifest.json": text})
    strict = (
        day == DAY.isoformat()
        and not set(more) - {"business_date", "files"}
        and not set(file) - {"key", "sha256", "rows"}
    )
    assert code != 0 or strict


def test_mutated_manifest(bench: Bench, real_files: dict[str, bytes]) -> None:
    chance = random.Random(SEED + 2)
    for _ in range(int(CASES * 0.2)):
        content = mutate(real_files["manifest.json"], chance)
        files = {f"incoming/{DAY}/{name}": data for name, data in real_files.items() if name != "manifest.json"}
        bench.run({**files, "manifest.json": content})
        for name in (Manifest, documents.IngestionSummary, documents.QualityDocument, documents.SuccessMarker):
            with suppress(BadInputError):
                name.read(content, "the document")
