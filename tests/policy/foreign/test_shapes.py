"""Shapes of other people's programs that the pack once judged wrongly, each beside a twin that is wrong indeed.

docs/policy/foreign-programs.md says what was said of them, and why it was wrong.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from batchctl.preview import synthetic
from policy.rules import Graph, Resource, Verdict, evaluate, kinds

_ACCOUNT: Final = "123456789012"


def resource(kind: str, label: str, edges: dict[str, Resource] | None = None, /, **props: Any) -> Resource:
    """A resource of the stack, with the ARN and id that a preview makes up, and its edges by property."""
    return Resource(
        urn=f"urn:pulumi:dev::p::{kind}::{label}",
        type=kind,
        name=label,
        props={**synthetic.outputs(kind, label, props, "us-east-1"), **props},
        property_dependencies={prop: (target.urn,) for prop, target in (edges or {}).items()},
    )


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})


def trust(service: str) -> str:
    """Who assumes a role."""
    return policy({"Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"})


def messages_of(resources: list[Resource], rule: str) -> list[str]:
    """What the rule says of the stack."""
    graph = Graph(resources, project="p", stack="dev", outputs={})
    findings = [one for one in evaluate(graph, {}) if one.verdict in (Verdict.FAIL, Verdict.CRASH)]
    assert [one.message for one in findings if one.verdict is Verdict.CRASH] == []
    return [one.message for one in findings if one.rule == rule]


def task(role: Resource, **container: Any) -> Resource:
    return resource(
        kinds.TASK_DEFINITION,
        "task",
        {"executionRoleArn": role},
        family="task-web-dev",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        executionRoleArn=role.props["arn"],
        containerDefinitions=json.dumps([{"name": "web", "image": "nginx", **container}]),
    )


def secret_by_name(granted: str) -> list[Resource]:
    """A task whose secret is a parameter under a key, named by name; its role is granted a parameter's ARN."""
    key = resource(kinds.KEY, "key")
    parameter = resource(kinds.PARAMETER, "token", {"keyId": key}, name="/app/TOKEN", keyId=key.props["keyId"])
    arn = f"arn:aws:ssm:us-east-1:{_ACCOUNT}:parameter/app/{granted}"
    role = resource(
        kinds.ROLE,
        "execution",
        {"inlinePolicies": parameter},
        name="execution",
        assumeRolePolicy=trust("ecs-tasks"),
        inlinePolicies=[
            {
                "name": "secrets",
                "policy": policy(
                    {"Action": "ssm:GetParameters", "Resource": arn},
                    {"Action": "kms:Decrypt", "Resource": key.props["arn"]},
                ),
            }
        ],
        managedPolicyArns=["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
    )
    return [key, parameter, role, task(role, secrets=[{"name": "TOKEN", "valueFrom": "/app/TOKEN"}])]


@pytest.mark.parametrize(("granted", "lacks"), [("TOKEN", False), ("OTHER", True)])
def test_a_parameter_may_be_named_by_its_name(granted: str, lacks: bool) -> None:
    messages = messages_of(secret_by_name(granted), "execution-role-sufficient")
    assert any("ssm:GetParameters" in one for one in messages) is lacks


@pytest.mark.parametrize(("granted", "useless"), [("TOKEN", False), ("OTHER", True)])
def test_the_key_of_a_parameter_encrypts_something(granted: str, useless: bool) -> None:
    messages = messages_of(secret_by_name(granted), "grants-accounted-for")
    assert any("encrypts nothing that it works with" in one for one in messages) is useless


REPOSITORY: Final = resource(kinds.REPOSITORY, "images", name="images")
BUCKET: Final = resource(kinds.BUCKET, "site", bucket="site")
_OPEN: Final = {"Sid": "new policy", "Principal": "*", "Action": "ecr:BatchGetImage"}


@pytest.mark.parametrize(
    ("holder", "sound"),
    [
        (resource(kinds.REPOSITORY_POLICY, "p", repository="images", policy=policy(_OPEN)), True),
        (resource(kinds.BUCKET_POLICY, "p", bucket="site", policy=policy(_OPEN)), False),
    ],
)
def test_the_policy_of_a_repository_names_no_resource(holder: Resource, sound: bool) -> None:
    assert (messages_of([REPOSITORY, BUCKET, holder], "statements-are-sound") == []) is sound


_OF_THE_ACCOUNT: Final = {"StringEquals": {"aws:PrincipalAccount": _ACCOUNT}}


@pytest.mark.parametrize(
    ("condition", "open_"),
    [
        ({}, True),
        ({"Condition": {"StringEqualsIfExists": {"aws:PrincipalAccount": _ACCOUNT}}}, True),
        ({"Condition": {"StringLike": {"aws:PrincipalAccount": "*"}}}, True),
        ({"Condition": _OF_THE_ACCOUNT}, False),
    ],
)
def test_everybody_is_let_in_without_a_cluster_too(condition: dict[str, Any], open_: bool) -> None:
    """The tooling stack has no cluster, and its documents admit other accounts; nobody admits the whole world."""
    statement = {"Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET.props['arn']}/*", **condition}
    holder = resource(kinds.BUCKET_POLICY, "p", {"bucket": BUCKET}, bucket="site", policy=policy(statement))
    messages = messages_of([BUCKET, holder], "resource-policies-accounted-for")
    assert any("lets everybody do s3:GetObject" in one for one in messages) is open_


ROLE: Final = resource(kinds.ROLE, "execution", name="execution", assumeRolePolicy=trust("ecs-tasks"))


@pytest.mark.parametrize(("image", "latest"), [(None, False), ("nginx", True)])
def test_an_image_that_is_not_named_is_not_the_latest(image: str | None, latest: bool) -> None:
    messages = messages_of([ROLE, task(ROLE, image=image)], "image-reference-pinned")
    assert any("latest" in one for one in messages) is latest
    assert any("names no image" in one for one in messages) is not latest


def test_what_is_not_there_is_one_finding() -> None:
    messages = messages_of([ROLE, task(ROLE)], "compute-properties")
    assert len([one for one in messages if "healthCheck" in one]) == 1
    assert "containerDefinitions[0].healthCheck is not set, and must be, with command, interval" in " ".join(messages)
    twin = messages_of(
        [ROLE, task(ROLE, healthCheck={"command": ["CMD", "true"], "interval": 1})], "compute-properties"
    )
    assert len([one for one in twin if "healthCheck" in one]) == 4  # the interval is wrong, and three are not set


@pytest.mark.parametrize(("variables", "secret"), [(None, False), (["PORT"], False), (["REDIS_PWD"], True)])
def test_only_a_variable_speaks_of_a_secret(variables: list[str] | None, secret: bool) -> None:
    container = {} if variables is None else {"environment": [{"name": name, "value": "x"} for name in variables]}
    assert (
        any("speak of a secret" in one for one in messages_of([ROLE, task(ROLE, **container)], "compute-properties"))
        is secret
    )


@pytest.mark.parametrize(
    ("namespace", "metric", "faulty"),
    [("AWS/EC2", "CPUUtilization", False), ("AWS/States", "ExecutionsFailed", True)],
)
def test_the_average_of_a_share_says_something(namespace: str, metric: str, faulty: bool) -> None:
    alarm = resource(kinds.ALARM, "alarm", namespace=namespace, metricName=metric, statistic="Average", threshold=80)
    assert any("statistic is Average" in one for one in messages_of([alarm], "observation-properties")) is faulty


@pytest.mark.parametrize("logs", [True, False])
def test_a_machine_without_logs_delivers_none(logs: bool) -> None:
    role = resource(kinds.ROLE, "run", name="run", assumeRolePolicy=trust("states"))
    logging = {"loggingConfiguration": {"level": "ALL"}} if logs else {}
    machine = resource(
        kinds.STATE_MACHINE, "m", {"roleArn": role}, roleArn=role.props["arn"], definition='{"StartAt": "A"}', **logging
    )
    messages = messages_of([role, machine], "grants-accounted-for")
    assert any("does not grant logs:CreateLogDelivery" in one for one in messages) is logs
    assert not any("xray:" in one for one in messages)


@pytest.mark.parametrize(("service", "tied"), [("lambda", False), ("ec2", False), ("ecs-tasks", True)])
def test_only_known_services_say_on_whose_behalf(service: str, tied: bool) -> None:
    """What another service sends along when it assumes a role is not known here: the advice could lock it out."""
    messages = messages_of([resource(kinds.ROLE, "r", name="r", assumeRolePolicy=trust(service))], "trust-is-tied")
    assert any("does not say" in one for one in messages) is tied
    assert any("is assumed by" in one for one in messages) is not tied


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_group_of_another_network_is_judged_too(everywhere: bool) -> None:
    client = resource(kinds.SECURITY_GROUP, "client", description="clients", vpcId="vpc-0123456789abcdef0")
    peers = {"cidrBlocks": ["0.0.0.0/0"]} if everywhere else {"securityGroups": [client.props["id"]]}
    rule = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "description": "in", **peers}
    group = resource(kinds.SECURITY_GROUP, "web", description="web", vpcId="vpc-0123456789abcdef0", ingress=[rule])
    messages = messages_of([client, group], "nothing-reaches-in")
    assert (messages != []) is everywhere
    assert all("lets in 0.0.0.0/0, which no network of this stack has" in one for one in messages)
