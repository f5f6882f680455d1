"""Taking a stack down as its settings allow it, and the list of everything that an account holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jmespath

from sandbox.account import EmulatedAccount

if TYPE_CHECKING:
    from tests.engine.conftest import Engine

_LISTS = {
    ("s3", "list_buckets"): "Buckets[].Name",
    ("ecr", "describe_repositories"): "repositories[].repositoryName",
    ("iam", "list_roles"): "Roles[].RoleName",
    ("iam", "list_policies"): "Policies[?!starts_with(Arn, 'arn:aws:iam::aws:')].Arn",
    ("dynamodb", "list_tables"): "TableNames",
    ("logs", "describe_log_groups"): "logGroups[].logGroupName",
    ("ec2", "describe_vpcs"): "Vpcs[].VpcId",
    ("ec2", "describe_subnets"): "Subnets[].SubnetId",
    ("ec2", "describe_route_tables"): "RouteTables[].RouteTableId",
    ("ec2", "describe_security_groups"): "SecurityGroups[].GroupId",
    ("ec2", "describe_vpc_endpoints"): "VpcEndpoints[?State!='deleted'].VpcEndpointId",
    ("ec2", "describe_flow_logs"): "FlowLogs[].FlowLogId",
    ("ec2", "describe_internet_gateways"): "InternetGateways[].InternetGatewayId",
    ("events", "list_rules"): "Rules[].Name",
    ("route53resolver", "list_firewall_rule_groups"): "FirewallRuleGroups[].Name",
    ("route53resolver", "list_firewall_domain_lists"): "FirewallDomainLists[].Name",
    ("sns", "list_topics"): "Topics[].TopicArn",
    ("sqs", "list_queues"): "QueueUrls",
    ("stepfunctions", "list_state_machines"): "stateMachines[].name",
    ("cloudwatch", "describe_alarms"): "[MetricAlarms[].AlarmName, CompositeAlarms[].AlarmName][]",
    ("cloudwatch", "list_dashboards"): "DashboardEntries[].DashboardName",
    ("scheduler", "list_schedules"): "Schedules[].Name",
}
"""Service and operation to a JMESPath expression for the names in the answer."""


_DEFAULT_KEY = "Default key"
"""How moto describes the key that AWS manages for a service, which it makes when the alias is first asked for."""


def inventory(account: EmulatedAccount) -> dict[str, set[str]]:
    """What the account holds, by kind; keys that are scheduled to go and clusters that are inactive do not count."""
    held: dict[str, set[str]] = {}
    for (service, operation), names in _LISTS.items():
        answer = getattr(account.client(service), operation)()
        held[f"{service} {operation}"] = set(jmespath.search(names, answer) or [])
    kms, ecs = account.client("kms"), account.client("ecs")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    held["keys"] = {
        key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion" and key["Description"] != _DEFAULT_KEY
    }
    clusters = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
    held["clusters"] = {cluster["clusterName"] for cluster in clusters if cluster["status"] != "INACTIVE"}
    definitions: list[str] = ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
    held["task definitions"] = set(definitions)
    return held


def take_down(engine: Engine, stack: str, outputs: dict[str, Any]) -> None:
    """Destroys the stack with an object in its output bucket.

    dev (teardown true) goes at once. prod keeps its data: the destroy is refused before anything is deleted, and
    everything goes one setting later.
    """
    s3, bucket, key = engine.account.client("s3"), outputs["outputBucketName"], "reports/2026-11-20/report.pdf"
    s3.put_object(Bucket=bucket, Key=key, Body=b"kept")
    # with its preview, as people call it: `--skip-preview` begins to delete before it meets what is protected
    destroy = ("destroy", "--yes", "--stack", stack)
    if stack == "prod":
        before = inventory(engine.account)
        refused = engine.run(*destroy, check=False)
        assert refused.returncode != 0, "prod was destroyed with its data"
        assert "protected" in refused.stdout + refused.stderr
        assert inventory(engine.account) == before, "a refused destroy deletes nothing"
        engine.run("preview", "--refresh=false", "--expect-no-changes", "--stack", stack)
        assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(b"kept")
        engine.run("config", "set", "--path", "batch-platform:platform.teardown", "true", "--stack", stack)
        engine.run("up", "--yes", "--skip-preview", "--stack", stack)
    engine.run(*destroy)
