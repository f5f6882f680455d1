"""Requests about the lifecycle of a bucket's objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from tests.sandbox.strict.requests import ABSENT, Request, request

_EXPIRING_RULE = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}


def _expire(**members: Any) -> dict[str, Any]:
    rule = {name: value for name, value in {**_EXPIRING_RULE, **members}.items() if value is not ABSENT}
    return {"LifecycleConfiguration": {"Rules": [rule]}}


_RULE: Final = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}}


def _life(**members: Any) -> dict[str, Any]:
    return {"LifecycleConfiguration": {"Rules": [{**_RULE, **members}]}}


def _moves(*moves: tuple[int, str]) -> dict[str, Any]:
    return _life(Transitions=[{"Days": days, "StorageClass": name} for days, name in moves])


def _earlier(*moves: tuple[int, str]) -> dict[str, Any]:
    transitions = [{"NoncurrentDays": days, "StorageClass": name} for days, name in moves]
    return {"NoncurrentVersionTransitions": transitions}


def _chosen(**predicates: Any) -> dict[str, Any]:
    return _life(Expiration={"Days": 3}, Filter={"And": predicates})


REQUESTS: Final[dict[str, list[Request]]] = {
    "s3": [
        request(
            "PutBucketLifecycleConfiguration",
            lambda a: {"Bucket": a.bucket, **_expire()},
            zero=_expire(Expiration={"Days": 0}),
            days_and_date=_expire(Expiration={"Days": 3, "Date": datetime(2030, 1, 1, tzinfo=UTC)}),
            not_midnight=_expire(Expiration={"Date": datetime(2030, 1, 1, 5, tzinfo=UTC)}),
            marker_with_days=_expire(Expiration={"Days": 3, "ExpiredObjectDeleteMarker": True}),
            no_filter=_expire(Filter=ABSENT),
            filter_and_prefix=_expire(Prefix="x"),
            two_filters=_expire(Filter={"Prefix": "x", "ObjectSizeGreaterThan": 3}),
            status=_expire(Status="On"),
            no_status=_expire(Status=ABSENT),
            no_action=_expire(Expiration=ABSENT),
            early=_expire(Transitions=[{"Days": 10, "StorageClass": "STANDARD_IA"}]),
            cold=_expire(Transitions=[{"Days": 40, "StorageClass": "FREEZER"}]),
            after_expiry=_expire(Transitions=[{"Days": 40, "StorageClass": "GLACIER"}]),
            long=_expire(ID="i" * 256),
            abort_tags=_expire(
                Expiration=ABSENT,
                AbortIncompleteMultipartUpload={"DaysAfterInitiation": 3},
                Filter={"Tag": {"Key": "k", "Value": "v"}},
            ),
            abort_zero=_expire(Expiration=ABSENT, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 0}),
            noncurrent=_expire(Expiration=ABSENT, NoncurrentVersionExpiration={"NoncurrentDays": 0}),
            only_newer=_expire(Expiration=ABSENT, NoncurrentVersionExpiration={"NewerNoncurrentVersions": 3}),
            marker_tags=_expire(
                Expiration={"ExpiredObjectDeleteMarker": True}, Filter={"Tag": {"Key": "k", "Value": "v"}}
            ),
            twice={"LifecycleConfiguration": {"Rules": [_EXPIRING_RULE, _EXPIRING_RULE]}},
            none={"LifecycleConfiguration": {"Rules": []}},
            back=_expire(
                Expiration={"Days": 900},
                Transitions=[{"Days": 40, "StorageClass": "GLACIER"}, {"Days": 90, "StorageClass": "STANDARD_IA"}],
            ),
            unordered=_expire(
                Expiration={"Days": 900},
                Transitions=[{"Days": 90, "StorageClass": "STANDARD_IA"}, {"Days": 40, "StorageClass": "GLACIER"}],
            ),
            and_of_one=_expire(Filter={"And": {"Prefix": "x"}}),
        ),
        request(
            "PutBucketLifecycleConfiguration",
            lambda a: {
                "Bucket": a.bucket,
                **_life(
                    Expiration={"Days": 400},
                    Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}],
                    NoncurrentVersionExpiration={"NoncurrentDays": 90, "NewerNoncurrentVersions": 5},
                    **_earlier((30, "STANDARD_IA")),
                ),
            },
            days_and_date=_life(
                Transitions=[{"Days": 40, "Date": datetime(2030, 1, 1, tzinfo=UTC), "StorageClass": "GLACIER"}]
            ),
            when=_life(Transitions=[{"StorageClass": "GLACIER"}]),
            mixed=_life(
                Expiration={"Date": datetime(2030, 1, 1, tzinfo=UTC)},
                Transitions=[{"Days": 40, "StorageClass": "GLACIER"}],
            ),
            noncurrent_early=_life(**_earlier((29, "STANDARD_IA"))),
            noncurrent_soon=_life(**_earlier((40, "GLACIER")), NoncurrentVersionExpiration={"NoncurrentDays": 40}),
            close=_moves((30, "STANDARD_IA"), (59, "GLACIER")),
            close_after_one_zone=_moves((30, "ONEZONE_IA"), (45, "DEEP_ARCHIVE")),
            negative=_moves((-1, "GLACIER")),
            twice=_moves((40, "GLACIER"), (80, "GLACIER")),
            many_newer=_life(NoncurrentVersionExpiration={"NoncurrentDays": 3, "NewerNoncurrentVersions": 101}),
            no_newer=_life(NoncurrentVersionExpiration={"NoncurrentDays": 3, "NewerNoncurrentVersions": 0}),
            sizes=_chosen(ObjectSizeGreaterThan=500, ObjectSizeLessThan=500),
            tag_twice=_chosen(Tags=[{"Key": "k", "Value": "v"}, {"Key": "k", "Value": "w"}]),
            versions={
                "LifecycleConfiguration": {
                    "Rules": [
                        {**_RULE, "Expiration": {"Days": 3}},
                        {"ID": "b", "Status": "Enabled", "Prefix": "x", "Expiration": {"Days": 3}},
                    ]
                }
            },
            many={
                "LifecycleConfiguration": {
                    "Rules": [{**_RULE, "ID": str(number), "Expiration": {"Days": 3}} for number in range(1001)]
                }
            },
            newer_of_transition=_life(
                NoncurrentVersionTransitions=[
                    {"NoncurrentDays": 40, "StorageClass": "GLACIER", "NewerNoncurrentVersions": 101}
                ]
            ),
        ),
    ],
}
