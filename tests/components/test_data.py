"""Data alone under mocks."""

from components.data import Data, DataArgs
from tests.mocks import CONTEXT, SETTINGS, built


def test_three_closed_buckets_and_a_ledger() -> None:
    mocks = built(lambda: Data("data", DataArgs(context=CONTEXT, settings=SETTINGS.data, incoming_prefix="incoming/")))
    buckets = {bucket["bucket"] for bucket in mocks.inputs("aws:s3/bucket:Bucket")}
    assert buckets == {f"bucket-{purpose}-123456789012-dev" for purpose in ("input", "output", "audit")}
    blocks = mocks.inputs("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    assert len(blocks) == len(buckets)
    assert all(block["restrictPublicBuckets"] and block["blockPublicPolicy"] for block in blocks)
    assert mocks.one("aws:s3/bucketNotification:BucketNotification")["eventbridge"] is True
    ledger = mocks.one("aws:dynamodb/table:Table")
    assert (ledger["name"], ledger["hashKey"], ledger["rangeKey"]) == ("table-ledger-dev", "business_date", "manifest")
