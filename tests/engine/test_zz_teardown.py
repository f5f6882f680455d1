"""Everything can be destroyed: runs last, because it takes down what the other engine tests look at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.conftest import Deployed


def left_behind(deployed: Deployed) -> dict[str, list[str]]:
    """What still carries the stack's suffix in the account, by service; keys that are scheduled to go do not count."""
    suffix = f"-{deployed.stack}"
    client = deployed.client
    ec2 = client("ec2")
    vpcs = ec2.describe_vpcs(VpcIds=[])["Vpcs"]
    keys = [key["KeyId"] for key in client("kms").list_keys()["Keys"]]
    described = [client("kms").describe_key(KeyId=key)["KeyMetadata"] for key in keys]
    found = {
        "buckets": [b["Name"] for b in client("s3").list_buckets()["Buckets"] if b["Name"].endswith(suffix)],
        "repositories": [
            r["repositoryName"]
            for r in client("ecr").describe_repositories()["repositories"]
            if r["repositoryName"].endswith(suffix)
        ],
        "roles": [r["RoleName"] for r in client("iam").list_roles()["Roles"] if r["RoleName"].endswith(suffix)],
        "tables": [t for t in client("dynamodb").list_tables()["TableNames"] if t.endswith(suffix)],
        "log groups": [
            g["logGroupName"] for g in client("logs").describe_log_groups()["logGroups"] if suffix in g["logGroupName"]
        ],
        "clusters": [
            cluster["clusterName"]
            for cluster in client("ecs").describe_clusters(clusters=client("ecs").list_clusters()["clusterArns"])[
                "clusters"
            ]
            if cluster["clusterName"].endswith(suffix) and cluster["status"] != "INACTIVE"
        ],
        "networks": [vpc["VpcId"] for vpc in vpcs if vpc["VpcId"] == deployed.outputs["vpcId"]],
        "keys": [
            k["KeyId"]
            for k in described
            if f"({deployed.stack})" in k.get("Description", "") and k["KeyState"] != "PendingDeletion"
        ],
        "rules": [r["Name"] for r in client("events").list_rules()["Rules"] if r["Name"].endswith(suffix)],
        "topics": [t["TopicArn"] for t in client("sns").list_topics()["Topics"] if t["TopicArn"].endswith(suffix)],
        "queues": [u for u in client("sqs").list_queues().get("QueueUrls", []) if u.endswith(suffix)],
        "state machines": [
            m["name"]
            for m in client("stepfunctions").list_state_machines()["stateMachines"]
            if m["name"].endswith(suffix)
        ],
        "alarms": [
            a["AlarmName"]
            for a in client("cloudwatch").describe_alarms()["MetricAlarms"]
            if a["AlarmName"].endswith(suffix)
        ],
    }
    return {service: names for service, names in found.items() if names}


def test_prod_keeps_its_data_until_teardown_is_set(deploy: Callable[[str], Deployed]) -> None:
    """With teardown false a bucket that holds something refuses to go; one setting later everything goes."""
    prod = deploy("prod")
    engine, bucket = prod.engine, prod.outputs["outputBucketName"]
    prod.client("s3").put_object(Bucket=bucket, Key="reports/2026-11-20/report.pdf", Body=b"kept")
    refused = engine.run("destroy", "--yes", "--skip-preview", "--stack", "prod", check=False)
    assert refused.returncode != 0
    assert "not empty" in refused.stdout + refused.stderr
    assert prod.client("s3").head_object(Bucket=bucket, Key="reports/2026-11-20/report.pdf")["ContentLength"] == 4
    engine.run("config", "set", "--path", "batch-platform:platform.teardown", "true", "--stack", "prod")
    engine.run("up", "--yes", "--skip-preview", "--stack", "prod")
    engine.run("destroy", "--yes", "--skip-preview", "--stack", "prod")
    assert left_behind(prod) == {}


def test_dev_is_destroyed_with_its_data(deploy: Callable[[str], Deployed]) -> None:
    """With teardown true nothing is left, even where buckets hold objects."""
    dev = deploy("dev")
    dev.client("s3").put_object(Bucket=dev.outputs["inputBucketName"], Key="incoming/x", Body=b"x")
    dev.engine.run("destroy", "--yes", "--skip-preview", "--stack", "dev")
    assert left_behind(dev) == {}


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("batch-platform:jobs.risk-calculation.cpu", "300", "jobs.risk-calculation.cpu = 300"),
        ("batch-platform:network.zones", "9", "network.zones = 9"),
        ("batch-platform:network.cidr", "10.0.0.0/29", "network.cidr"),
    ],
)
def test_a_bad_setting_is_refused_before_the_first_resource(
    deploy: Callable[[str], Deployed], path: str, value: str, says: str
) -> None:
    """One readable message, no traceback, and not one resource in the state."""
    engine = deploy("dev").engine
    name = f"bad{abs(hash(path)) % 10_000}"
    engine.run("stack", "init", name)
    engine.run("config", "set", "aws:region", "us-east-1", "--stack", name)
    engine.run("config", "set", "--path", path, value, "--stack", name)
    refused = engine.run("up", "--yes", "--skip-preview", "--stack", name, check=False)
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert says in said and "Traceback" not in said
    state = engine.run("stack", "export", "--stack", name).stdout
    assert "aws:" not in state
