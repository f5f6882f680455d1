"""What a test sets of the account, and what it refuses to be set to."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.reactions.cluster import Cluster
from tests.sandbox.reactions.world import World


def test_a_scan_finds_what_a_test_sets(world: World, cluster: Cluster) -> None:
    ecr = world.client("ecr")
    image = {"imageTag": "release-1"}
    ecr.start_image_scan(repositoryName=cluster.repository, imageId=image)

    def counts() -> dict[str, int]:
        response = ecr.describe_image_scan_findings(repositoryName=cluster.repository, imageId=image)
        return dict(response["imageScanFindings"].get("findingSeverityCounts", {}))

    assert counts() == {}
    world.sandbox.post("scan-findings", repository=cluster.repository, image="release-1", findings={"HIGH": 2})
    assert counts() == {"HIGH": 2}


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("clock", {"back": 1}, "advance"),
        ("clock", {"advance": -1}, "forward"),
        ("clock", {"set": "2026-11-20T00:00:00"}, "offset"),
        ("clock", {"speed": 0}, "factor"),
        ("outcomes", {"job": "x", "kind": "explodes"}, "spot-interruption"),
        ("scan-findings", {"repository": "r", "image": "i", "findings": {"AWFUL": 1}}, "CRITICAL"),
        ("metrics", {"name": "x"}, "namespace"),
        ("nothing", {}, "known"),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_can(world: World, path: str, body: dict[str, Any], says: str) -> None:
    with pytest.raises(HTTPError) as refused:
        world.sandbox.post(path, **body)
    assert refused.value.code in (400, 404)
    assert says in json.loads(refused.value.read())["message"]


def test_every_call_is_recorded_with_its_verdict(world: World) -> None:
    before = len(world.sandbox.get("calls"))
    world.bucket()
    with pytest.raises(Exception, match="NoSuchBucket"):
        world.client("s3").list_objects_v2(Bucket=f"no-bucket-{world.name}")
    calls = world.sandbox.get(f"calls?since={before}")
    assert [(call["service"], call["operation"], call["verdict"]) for call in calls] == [
        ("s3", "CreateBucket", "answered"),
        ("s3", "PutBucketVersioning", "answered"),
        ("s3", "PutBucketNotificationConfiguration", "answered"),
        ("s3", "ListObjectsV2", "refused"),
    ]


def test_a_call_that_is_not_emulated_says_so(world: World) -> None:
    """Neither a page nor silence: the code, the operation, and a line in the timeline."""
    with pytest.raises(ClientError) as caught:
        world.client("cloudwatch").put_composite_alarm(AlarmName="both", AlarmRule="ALARM(one)")
    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("NotEmulated", 501)
    assert "cloudwatch:PutCompositeAlarm" in error["Error"]["Message"]
    assert world.timeline_lines("NOT EMULATED", "cloudwatch:PutCompositeAlarm")


def test_the_record_says_which_rule_refused(world: World) -> None:
    with pytest.raises(ClientError):
        world.client("ec2").create_security_group(GroupName="one", Description="the run's", VpcId="vpc-1")
    line = next(c for c in reversed(world.sandbox.get("calls")) if c["operation"] == "CreateSecurityGroup")
    assert (line["verdict"], line["rule"], line["status"]) == ("refused", "ec2.group_description", 400)
