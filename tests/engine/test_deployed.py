"""What is there after `up`, asked of the emulated account and not of the program."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.conftest import Deployed

JOBS = {"data-ingestion": 10, "risk-calculation": 20, "report-generation": 5}


def test_second_preview_is_clean(deployed: Deployed) -> None:
    """Whatever AWS fills in or the clock says, a second preview proposes nothing."""
    later = deployed.engine.run("preview", "--diff", "--expect-no-changes", "--stack", deployed.stack)
    assert "unchanged" in later.stdout


def test_every_output_resolves(deployed: Deployed) -> None:
    """No output is missing, empty or unknown."""

    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for item in value.values() for leaf in leaves(item)]
        if isinstance(value, list):
            return [leaf for item in value for leaf in leaves(item)]
        return [value]

    assert deployed.outputs["environment"] == deployed.stack
    assert deployed.outputs["teardown"] is {"dev": True, "prod": False}[deployed.stack]
    empty = {name for name, value in deployed.outputs.items() if not leaves(value)}
    assert empty == {"jobQueueUrls", "jobDeadLetterQueueUrls", "jobAlarmNames"}, "no job has a queue here"
    flat = {name: value for name, value in deployed.outputs.items() if name != "platform"}
    assert deployed.outputs["platform"] == flat
    for name in flat.keys() - {"teardown"}:
        assert all(isinstance(leaf, str) and leaf for leaf in leaves(flat[name])), f"{name}: {flat[name]}"


def test_no_way_to_the_internet(deployed: Deployed) -> None:
    """No NAT, no internet gateway, no elastic address, no subnet that hands out public addresses."""
    ec2, vpc = deployed.client("ec2"), deployed.outputs["vpcId"]
    assert ec2.describe_nat_gateways(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NatGateways"] == []
    gateways = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])
    assert gateways["InternetGateways"] == []
    assert ec2.describe_addresses()["Addresses"] == []
    subnets = ec2.describe_subnets(SubnetIds=deployed.outputs["privateSubnetIds"])["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 3
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)


def test_endpoints_are_where_tasks_need_them(deployed: Deployed) -> None:
    """Three interface endpoints with private DNS, and the S3 gateway on the route table of every subnet."""
    ec2, outputs = deployed.client("ec2"), deployed.outputs
    endpoints = ec2.describe_vpc_endpoints(VpcEndpointIds=list(outputs["endpointIds"].values()))["VpcEndpoints"]
    by_service = {endpoint["ServiceName"].removeprefix("com.amazonaws.us-east-1."): endpoint for endpoint in endpoints}
    assert sorted(by_service) == ["ecr.api", "ecr.dkr", "logs", "s3"]
    assert sorted(by_service["s3"]["RouteTableIds"]) == sorted(outputs["routeTableIds"])
    zones = {"dev": 1, "prod": 3}[deployed.stack]
    for service in ("ecr.api", "ecr.dkr", "logs"):
        endpoint = by_service[service]
        assert endpoint["PrivateDnsEnabled"] is True
        assert sorted(endpoint["SubnetIds"]) == sorted(outputs["privateSubnetIds"][:zones])
        assert [group["GroupId"] for group in endpoint["Groups"]] == [outputs["endpointSecurityGroupId"]]
    buckets = json.dumps(json.loads(by_service["s3"]["PolicyDocument"]))
    assert "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*" in buckets
    assert f"arn:aws:s3:::bucket-input-123456789012-{deployed.stack}/*" in buckets
    associations = [
        association["SubnetId"]
        for table in ec2.describe_route_tables(RouteTableIds=outputs["routeTableIds"])["RouteTables"]
        for association in table["Associations"]
        if "SubnetId" in association
    ]
    assert sorted(associations) == sorted(outputs["privateSubnetIds"])


def test_security_groups_admit_what_is_documented(deployed: Deployed) -> None:
    """Tasks: no ingress, 443 to endpoints and to S3. Endpoints: 443 from tasks. The default group: nothing."""
    ec2, outputs = deployed.client("ec2"), deployed.outputs
    groups = {
        group["GroupId"]: group
        for group in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [outputs["vpcId"]]}])[
            "SecurityGroups"
        ]
    }
    tasks, endpoints = groups[outputs["taskSecurityGroupId"]], groups[outputs["endpointSecurityGroupId"]]
    assert tasks["IpPermissions"] == []
    assert "Outbound only" in tasks["Description"]
    egress = [
        (
            rule["FromPort"],
            rule["ToPort"],
            bool(rule["UserIdGroupPairs"]),
            bool(rule["PrefixListIds"]),
            rule["IpRanges"],
        )
        for rule in tasks["IpPermissionsEgress"]
    ]
    assert {rule[:2] for rule in egress} == {(443, 443)}
    assert all(not rule[4] for rule in egress), "an address range is allowed"
    assert any(rule[2] for rule in egress) and any(rule[3] for rule in egress)
    (ingress,) = endpoints["IpPermissions"]
    assert [pair["GroupId"] for pair in ingress["UserIdGroupPairs"]] == [outputs["taskSecurityGroupId"]]
    (default,) = [group for group in groups.values() if group["GroupName"] == "default"]
    assert default["IpPermissions"] == [] and default["IpPermissionsEgress"] == []


def test_input_bucket_tells_eventbridge(deployed: Deployed) -> None:
    """The switch without which the start rule never fires (docs/aws-facts.md#s3-events-to-eventbridge)."""
    s3 = deployed.client("s3")
    configuration = s3.get_bucket_notification_configuration(Bucket=deployed.outputs["inputBucketName"])
    assert "EventBridgeConfiguration" in configuration


@pytest.mark.parametrize("output", ["inputBucketName", "outputBucketName", "auditBucketName"])
def test_buckets_are_closed(deployed: Deployed, output: str) -> None:
    """Versioned, encrypted, blocked four ways, HTTPS only, with a lifecycle that ends; the account id in the name."""
    s3, bucket = deployed.client("s3"), deployed.outputs[output]
    assert bucket.endswith(f"-123456789012-{deployed.stack}")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    default = rule["ApplyServerSideEncryptionByDefault"]
    if output == "auditBucketName":
        assert default == {"SSEAlgorithm": "AES256"}
    else:
        assert default == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": deployed.outputs["dataKeyArn"]}
        assert rule["BucketKeyEnabled"] is True
        logging = s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]
        assert logging["TargetBucket"] == deployed.outputs["auditBucketName"]
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    statements = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    denied = [s for s in statements if s["Effect"] == "Deny"]
    assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    assert any("Expiration" in rule for rule in rules)


def test_ledger(deployed: Deployed) -> None:
    """On demand, under the data key, recoverable to a point in time, with entries that expire."""
    dynamodb, table = deployed.client("dynamodb"), deployed.outputs["ledgerTableName"]
    described = dynamodb.describe_table(TableName=table)["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["SSEDescription"]["KMSMasterKeyArn"] == deployed.outputs["dataKeyArn"]
    assert dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["AttributeName"] == "expires_at"
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_keys_rotate(deployed: Deployed) -> None:
    """Every key rotates, and names services and this account, never everybody."""
    kms = deployed.client("kms")
    for output in ("dataKeyArn", "logsKeyArn", "messagesKeyArn"):
        key = deployed.outputs[output]
        assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
        policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        assert policy["Version"] == "2012-10-17"
        assert all(s["Principal"] != "*" and s["Principal"].get("AWS") != "*" for s in policy["Statement"])


def test_repositories(deployed: Deployed) -> None:
    """Scan on push, immutable tags, customer key; the lifecycle protects what is deployed before it counts releases."""
    ecr = deployed.client("ecr")
    for job in JOBS:
        (repository,) = ecr.describe_repositories(repositoryNames=[f"repository-{job}-{deployed.stack}"])[
            "repositories"
        ]
        assert repository["imageScanningConfiguration"]["scanOnPush"] is True
        assert repository["imageTagMutability"] == "IMMUTABLE"
        assert repository["encryptionConfiguration"]["kmsKey"] == deployed.outputs["dataKeyArn"]
        text = ecr.get_lifecycle_policy(repositoryName=repository["repositoryName"])["lifecyclePolicyText"]
        rules = sorted(json.loads(text)["rules"], key=lambda rule: int(rule["rulePriority"]))
        assert [rule["selection"].get("tagPrefixList") for rule in rules] == [["deployed-"], ["release-"], None]
        assert rules[1]["selection"]["countNumber"] == 10


def test_log_groups_end_and_are_encrypted(deployed: Deployed) -> None:
    """Every group keeps 30 days under the logs key."""
    logs = deployed.client("logs")
    for name in deployed.outputs["logGroupNames"].values():
        (group,) = [
            group
            for group in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
            if group["logGroupName"] == name
        ]
        assert group["retentionInDays"] == 30
        assert group["kmsKeyId"] == deployed.outputs["logsKeyArn"]


def test_services_rest_at_zero_and_scale(deployed: Deployed) -> None:
    """Desired count 0, circuit breaker with rollback, three subnets, no launch type; targets from 0 to the job's
    limit.
    """
    ecs, scaling, outputs = deployed.client("ecs"), deployed.client("application-autoscaling"), deployed.outputs
    for job, limit in JOBS.items():
        name = outputs["serviceNames"][job]
        (service,) = ecs.describe_services(cluster=outputs["clusterName"], services=[name])["services"]
        assert (service["desiredCount"], service["runningCount"]) == (0, 0)
        assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
        assert service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
        assert sorted(service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]) == sorted(
            outputs["privateSubnetIds"]
        )
        assert service.get("launchType") is None
        providers = {"dev": {"FARGATE", "FARGATE_SPOT"}, "prod": {"FARGATE"}}[deployed.stack]
        assert {item["capacityProvider"] for item in service["capacityProviderStrategy"]} == providers
        resource = f"service/{outputs['clusterName']}/{name}"
        (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource])["ScalableTargets"]
        assert (target["MinCapacity"], target["MaxCapacity"]) == (0, limit)
        policies = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=resource)["ScalingPolicies"]
        tracking = [
            p["TargetTrackingScalingPolicyConfiguration"] for p in policies if p["PolicyType"].startswith("Target")
        ]
        assert [(t["TargetValue"], t["ScaleInCooldown"], t["ScaleOutCooldown"]) for t in tracking] == [(70.0, 300, 300)]


def test_roles_are_apart_and_narrow(deployed: Deployed) -> None:
    """Task role and execution role differ; every document has the right version and no bare wildcard action."""
    iam, outputs = deployed.client("iam"), deployed.outputs
    for job in JOBS:
        task, execution = outputs["taskRoleArns"][job], outputs["executionRoleArns"][job]
        assert task != execution
        for arn in (task, execution):
            role = arn.rsplit("/", 1)[-1]
            trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
            assert trust["Version"] == "2012-10-17"
            assert [s["Principal"] for s in trust["Statement"]] == [{"Service": "ecs-tasks.amazonaws.com"}]
            for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
                document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
                assert document["Version"] == "2012-10-17"
                for statement in document["Statement"]:
                    actions = statement["Action"]
                    for action in [actions] if isinstance(actions, str) else actions:
                        assert action.partition(":")[2] not in ("", "*"), (role, policy, action)
