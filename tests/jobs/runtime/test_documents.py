"""Documents: read strictly, refused in plain words."""

import json
import time

import pytest

from batch_runtime.documents import IngestionSummary, Manifest, ShardReference, read_shard_list, write_shard_list
from batch_runtime.errors import BadInputError


class TestDocuments:
    def test_round_trip(self) -> None:
        shards = (
            ShardReference(shard=0, uri="s3://abc/x", trades=3),
            ShardReference(shard=1, uri="s3://abc/y", trades=1),
        )
        assert read_shard_list(write_shard_list(shards), "list") == shards
        summary = {
            "run_id": "r", "business_date": "2026-11-20", "shards": 2, "trades": 4, "quarantined": 0,
            "shards_uri": "s3://abc/s", "numbers": [0, 1],
        }  # fmt: skip
        content = json.dumps(summary).encode()
        assert json.loads(IngestionSummary.read(content, "summary").to_json()) == summary

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            (b"{", "is not JSON"),
            (b"[]", "document: must be an object, got \\[\\]"),
            (b'{"business_date": "2026-11-20"}', "files: is missing .for example"),
            (b'{"business_date": "2026-11-20", "files": []}', "files: must have at least 1 entry, got \\[\\]"),
            (b'{"business_date": 1795132800, "files": []}', "not a date as YYYY-MM-DD, got 1795132800"),
            (b'{"business_date": "1795132800", "files": []}', "not a date as YYYY-MM-DD"),
            (b'{"files": [{"rows": true}]}', "files.0.rows: must be a whole number, got true"),
            (b'{"files": [{"rows": "5"}]}', 'files.0.rows: must be a whole number, got "5"'),
            (b'{"files": [], "files": []}', "the key 'files' comes twice"),
            (b'{"files": NaN}', "NaN is no JSON number"),
            (b"[" * 100_000, "nested too deeply"),
            (b'{"files": ' + b"[" * 400 + b"]" * 400 + b"}", "is not JSON: recursion limit"),
            (b'{"files": [{"key": "\\ud800.csv"}]}', "is not JSON: unexpected end of hex escape"),
            ('{"files": []}'.encode("utf-16"), "is not JSON: .*send it again as UTF-8 JSON"),
            (b"\x1f\x8b\x08\x00", "send it again as UTF-8 JSON"),
            (
                b'{"business_date": "2026-11-20", "files": [{"key": "a.txt", "sha256": "00", "rows": "many"}]}',
                "files.0.key: .*a.txt.*for example.*files.0.sha256: .*files.0.rows: ",
            ),
            (b'{"business_date": "2026-11-20", "file": []}', "file: is not known here; is it misspelt"),
        ],
    )
    def test_a_misfit_names_field_value_and_example(self, content: bytes, complaint: str) -> None:
        with pytest.raises(BadInputError, match=complaint):
            Manifest.read(content, "the manifest")

    def test_a_key_longer_than_s3_allows_is_refused(self) -> None:
        """1,024 bytes, not characters."""
        file = {"key": "é" * 600 + ".csv", "sha256": "0" * 64, "rows": 1}
        content = json.dumps({"business_date": "2026-11-20", "files": [file]}, ensure_ascii=False).encode()
        with pytest.raises(BadInputError, match="longer than the 1,024 bytes"):
            Manifest.read(content, "the manifest")

    def test_a_hundred_thousand_misfits_are_refused_in_seconds_and_in_a_short_message(self) -> None:
        files = [{"key": "a.txt", "sha256": "x", "rows": -1}] * 100_000
        content = json.dumps({"business_date": "2026-11-20", "files": files}).encode()
        start = time.process_time()
        with pytest.raises(BadInputError, match="and 299,990 more") as caught:
            Manifest.read(content, "the manifest")
        assert time.process_time() - start < 20
        assert len(str(caught.value)) < 5_000

    def test_an_entry_of_the_shard_list_may_carry_checksum_and_size(self) -> None:
        plain = ShardReference(shard=0, uri="s3://abc/x", trades=3)
        assert write_shard_list((plain,)) == b'[{"shard":0,"uri":"s3://abc/x","trades":3}]'
        checked = ShardReference(shard=0, uri="s3://abc/x", trades=3, sha256="0" * 64, bytes=12)
        assert read_shard_list(write_shard_list((checked,)), "list") == (checked,)

    def test_a_shard_list_with_a_gap_is_refused(self) -> None:
        with pytest.raises(BadInputError, match="without a gap"):
            read_shard_list(b'[{"shard": 1, "uri": "s3://abc/x", "trades": 3}]', "the shard list")
