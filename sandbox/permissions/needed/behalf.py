"""What AWS does along the way of a call, with the caller's rights or with those of a service or role.

Each function yields the further permissions of the calls it is registered for, and its docstring has the source. What
AWS's pages list, but what is done through a grant or by a service-linked role, is not the caller's and not here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.permissions.needed import customer_keys, kms
from sandbox.permissions.needed.need import Need


@dataclass(frozen=True)
class CallContext:
    """A call, as far as this matters here."""

    action: str
    parameters: Mapping[str, Any]
    region: str
    account: str


Further = Callable[[CallContext], Iterator[Need]]
_FURTHER: Final[dict[str, list[Further]]] = {}


def needs(call: CallContext) -> Iterator[Need]:
    """The further permissions of a call."""
    for further in _FURTHER.get(call.action, []):
        yield from further(call)


def _for(*actions: str) -> Callable[[Further], Further]:
    def registered(function: Further) -> Further:
        for action in actions:
            _FURTHER.setdefault(action, []).append(function)
        return function

    return registered


@_for("application-autoscaling:PutScalingPolicy", "application-autoscaling:DeleteScalingPolicy")
def _alarms_of_target_tracking(call: CallContext) -> Iterator[Need]:
    """https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html

    The caller needs the CloudWatch permissions; AWS chooses the alarms' names.
    """
    deletes = call.action.endswith("DeleteScalingPolicy")
    if not deletes and call.parameters.get("PolicyType") != "TargetTrackingScaling":
        return
    name = f"TargetTracking-{call.parameters['ResourceId']}-AlarmHigh-11111111-2222-3333-4444-555555555555"
    alarm = f"arn:aws:cloudwatch:{call.region}:{call.account}:alarm:{name}"
    for action in ("DeleteAlarms",) if deletes else ("DescribeAlarms", "PutMetricAlarm"):
        yield Need(action=f"cloudwatch:{action}", resource=alarm, because="target tracking makes its alarms")


@_for("application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy")
def _scaled_service(call: CallContext) -> Iterator[Need]:
    """https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_permission_validation.html"""
    resource = str(call.parameters.get("ResourceId", ""))
    if resource.startswith("service/"):
        arn = f"arn:aws:ecs:{call.region}:{call.account}:{resource}"
        for action in ("DescribeServices", "UpdateService"):
            yield Need(
                action=f"ecs:{action}",
                resource=arn,
                context={"ecs:cluster": arn.replace(":service/", ":cluster/").rpartition("/")[0]},
                because="scaling is validated with the caller's rights on the service",
            )


_LINKED_ROLES: Final[Mapping[str, tuple[str, str]]] = {
    "application-autoscaling:RegisterScalableTarget": (
        "ecs.application-autoscaling.amazonaws.com",
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
    ),
    "ecs:CreateCluster": ("ecs.amazonaws.com", "AWSServiceRoleForECS"),
    "ecs:CreateService": ("ecs.amazonaws.com", "AWSServiceRoleForECS"),
}
"""Call to the service that makes its own role at the first use in an account, and the role's name.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html and
https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
"""


@_for(*_LINKED_ROLES)
def _service_linked_role(call: CallContext) -> Iterator[Need]:
    service, role = _LINKED_ROLES[call.action]
    yield Need(
        action="iam:CreateServiceLinkedRole",
        resource=f"arn:aws:iam::{call.account}:role/aws-service-role/{service}/{role}",
        context={"iam:AWSServiceName": service},
        is_new=True,
        because="the service makes its role at its first use in the account",
    )


@_for("ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint")
def _private_dns(call: CallContext) -> Iterator[Need]:
    """The reference's dependent actions of CreateVpcEndpoint:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    """
    interface = call.parameters.get("VpcEndpointType") == "Interface" or call.action == "ec2:ModifyVpcEndpoint"
    if interface and call.parameters.get("PrivateDnsEnabled"):
        yield Need(
            action="route53:AssociateVPCWithHostedZone",
            resource="arn:aws:route53:::hostedzone/Z0000000000000000000",
            because="private DNS is a hosted zone that is associated with the VPC",
        )


@_for("ec2:CreateVpcEndpoint")
def _endpoint_lookups(call: CallContext) -> Iterator[Need]:
    """The same dependent actions."""
    if call.parameters.get("VpcEndpointType") == "Interface":
        for action in ("DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"):
            yield Need(action=f"ec2:{action}", resource="*", because="the endpoint's network is looked up")


@_for("scheduler:DeleteScheduleGroup")
def _schedules_of_group(call: CallContext) -> Iterator[Need]:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html"""
    group = call.parameters["Name"]
    arn = f"arn:aws:scheduler:{call.region}:{call.account}:schedule/{group}/*"
    yield Need(action="scheduler:DeleteSchedule", resource=arn, because="the group's schedules go with it")


@_for("ecr:CreateRepository")
def _grants_of_repository(call: CallContext) -> Iterator[Need]:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html"""
    key = (call.parameters.get("encryptionConfiguration") or {}).get("kmsKey")
    if key:
        grant = {"kms:GrantIsForAWSResource": "true"}
        why = "ECR looks the key up and makes its grants on it"
        yield from _via(call, "ecr", ["DescribeKey"], key, {}, why)
        yield from _via(call, "ecr", ["CreateGrant"], key, {}, why, extra=grant)


@_for("dynamodb:CreateTable", "dynamodb:UpdateTable")
def _key_of_new_table(call: CallContext) -> Iterator[Need]:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html (permissions on a
    customer managed key)
    """
    key = (call.parameters.get("SSESpecification") or {}).get("KMSMasterKeyId")
    if key:
        uses = ["DescribeKey", "Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey"]
        context = _table_context(call, str(call.parameters["TableName"]))
        why = "DynamoDB checks and uses the table's key with the caller's rights"
        yield from _via(call, "dynamodb", uses, key, context, why)
        yield from _via(call, "dynamodb", ["CreateGrant"], key, {}, why, extra={"kms:GrantIsForAWSResource": "true"})


@_for("logs:CreateLogGroup", "logs:AssociateKmsKey")
def _key_of_log_group(call: CallContext) -> Iterator[Need]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html

    CloudWatch Logs uses the key as itself, not with the caller's rights, and refuses a key that it may not use.
    """
    if key := call.parameters.get("kmsKeyId"):
        group = f"arn:aws:logs:{call.region}:{call.account}:log-group:{call.parameters['logGroupName']}"
        yield from kms.use(
            ["Encrypt", "Decrypt", "GenerateDataKey", "DescribeKey"],
            key,
            region=call.region,
            caller=call.account,
            service=f"logs.{call.region}.amazonaws.com",
            encryption={"aws:logs:arn": group},
            because="CloudWatch Logs encrypts the group",
        )


@_for("secretsmanager:CreateSecret")
def _key_of_new_secret(call: CallContext) -> Iterator[Need]:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"""
    if key := call.parameters.get("KmsKeyId"):
        why = "Secrets Manager encrypts the secret with the caller's rights"
        yield from _via(call, "secretsmanager", ["GenerateDataKey", "Decrypt"], key, {}, why)


@_for("ec2:CreateFlowLogs")
def _flow_log_delivery(call: CallContext) -> Iterator[Need]:
    """https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html"""
    if call.parameters.get("LogDestinationType") in ("s3", "kinesis-data-firehose"):
        for action in ("CreateLogDelivery", "DeleteLogDelivery"):
            yield Need(action=f"logs:{action}", resource="*", because="flow logs are delivered")


@_for("states:CreateStateMachine", "states:UpdateStateMachine")
def _rights_of_machine(call: CallContext) -> Iterator[Need]:
    """https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and
    https://docs.aws.amazon.com/step-functions/latest/dg/ecs-iam.html

    Step Functions refuses a machine whose role may not deliver its logs, or not make the managed rule by which it
    learns that a task has ended.
    """
    role = call.parameters.get("roleArn")
    if not role:
        return
    level = (call.parameters.get("loggingConfiguration") or {}).get("level", "OFF")
    if level != "OFF":
        for action in (
            "CreateLogDelivery",
            "DeleteLogDelivery",
            "DescribeLogGroups",
            "DescribeResourcePolicies",
            "GetLogDelivery",
            "ListLogDeliveries",
            "PutResourcePolicy",
            "UpdateLogDelivery",
        ):
            yield Need(action=f"logs:{action}", resource="*", role=role, because="the machine's role delivers its log")
    if "ecs:runTask.sync" in str(call.parameters.get("definition", "")):
        rule = f"arn:aws:events:{call.region}:{call.account}:rule/StepFunctionsGetEventsForECSTaskRule"
        for action in ("DescribeRule", "PutRule", "PutTargets"):
            why = "the machine's role makes the managed rule"
            yield Need(action=f"events:{action}", resource=rule, role=role, because=why)


@_for("states:CreateStateMachine", "states:UpdateStateMachine")
def _key_of_machine(call: CallContext) -> Iterator[Need]:
    return customer_keys.of_state_machine(call.parameters, region=call.region, account=call.account)


@_for("ecs:CreateCluster", "ecs:UpdateCluster")
def _key_of_cluster(call: CallContext) -> Iterator[Need]:
    return customer_keys.of_cluster(call.parameters, region=call.region, account=call.account)


def _via(
    call: CallContext,
    service: str,
    actions: list[str],
    key: str,
    encryption: Mapping[str, str],
    because: str,
    extra: Mapping[str, str] | None = None,
) -> Iterator[Need]:
    return kms.use(
        actions,
        key,
        region=call.region,
        caller=call.account,
        via=service,
        encryption=encryption,
        extra=extra,
        because=because,
    )


def _table_context(call: CallContext, table: str) -> dict[str, str]:
    return {"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": call.account}
