"""IAM, KMS, DynamoDB, SNS, SQS, EventBridge and CloudWatch."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute, data
from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.documented import ABSENT, Request, request


def _event_target(**members: Any) -> Any:
    def change(a: Strict) -> dict[str, Any]:
        (target,) = compute.targets(a)["Targets"]
        changed = {name: value for name, value in {**target, **members}.items() if value is not ABSENT}
        return {"Targets": [changed]}

    return change


_READ_ALL: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}

SENTENCES: Final[dict[str, list[Request]]] = {
    "iam": [
        request(
            "CreateOpenIDConnectProvider",
            lambda a: {"Url": f"https://{a.name()}.example.org", "ClientIDList": ["c"]},
            plain={"Url": "http://example.org"},
            clients={"ClientIDList": [f"c{n}" for n in range(101)]},
            client={"ClientIDList": ["c" * 256]},
            thumbprints={"ThumbprintList": [f"{n:040x}" for n in range(6)]},
        ),
        request(
            "CreatePolicy",
            lambda a: {"PolicyName": a.name(), "PolicyDocument": policy(_READ_ALL)},
            case={"PolicyName": "SPARE"},
            path={"Path": "/batch*/"},
        ),
        request(
            "CreateRole",
            lambda a: {
                "RoleName": a.name(),
                "AssumeRolePolicyDocument": policy(
                    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ),
            },
            case={"RoleName": "STATES"},
        ),
    ],
    "sns": [
        request(
            "CreateTopic",
            lambda a: {"Name": a.name()},
            small={"Attributes": {"MaximumMessageSize": "1023"}},
            large={"Attributes": {"MaximumMessageSize": "1048577"}},
            policy={"DataProtectionPolicy": '{"x": "' + "y" * 30720 + '"}'},
            scope={"Attributes": {"FifoThroughputScope": "Queue"}},
        ),
        request(
            "Publish",
            lambda a: {"TopicArn": a.topic, "Message": "m"},
            twice={"MessageStructure": "json", "Message": '{"default": "a", "default": "b"}'},
            number={"MessageStructure": "json", "Message": '{"default": 1}'},
            control={"Subject": "a\u0007b"},
        ),
    ],
    "sqs": [
        request(
            "CreateQueue",
            data.queue,
            reuse={"Attributes": {"KmsDataKeyReusePeriodSeconds": "59"}},
            throughput={"Attributes": {"FifoThroughputLimit": "perTopic", "FifoQueue": "true"}},
            retention={"Attributes": {"MessageRetentionPeriod": "1209601"}},
            delay={"Attributes": {"DelaySeconds": "901"}},
            wait={"Attributes": {"ReceiveMessageWaitTimeSeconds": "21"}},
        ),
    ],
    "events": [
        request(
            "PutTargets",
            compute.targets,
            bracket=_event_target(InputTransformer=ABSENT, InputPath="$['detail']"),
            bracket_of_variable=_event_target(
                InputTransformer={"InputPathsMap": {"k": "$.detail['k']"}, "InputTemplate": '{"k": <k>}'}
            ),
            key=_event_target(InputTransformer={"InputPathsMap": {"k": "$.detail.k"}, "InputTemplate": '{<k>: "v"}'}),
            two_networks=lambda a: _event_target(
                EcsParameters={
                    **compute.targets(a)["Targets"][0]["EcsParameters"],
                    "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": [a.subnet, a.other_subnet]}},
                }
            )(a),
        ),
    ],
    "cloudwatch": [
        request(
            "PutMetricAlarm",
            data.alarm,
            colon={"Dimensions": [{"Name": ":cluster", "Value": "v"}]},
            accent={"Dimensions": [{"Name": "größe", "Value": "v"}]},
            accent_of_value={"Dimensions": [{"Name": "d", "Value": "größe"}]},
            blank={"Dimensions": [{"Name": " ", "Value": "v"}]},
            blank_value={"Dimensions": [{"Name": "d", "Value": " "}]},
            control={"AlarmName": "a\u0007b"},
            day={"Period": 60, "EvaluationPeriods": 1441, "DatapointsToAlarm": 1},
            week={"Period": 3600, "EvaluationPeriods": 169, "DatapointsToAlarm": 1},
            points={"DatapointsToAlarm": 3},
            interval={"EvaluationInterval": 60},
        ),
        request(
            "PutMetricData",
            {"Namespace": "Batch", "MetricData": [{"MetricName": "m", "Value": 1.0}]},
            dimensions={
                "MetricData": [
                    {
                        "MetricName": "m",
                        "Value": 1.0,
                        "Dimensions": [{"Name": f"d{n}", "Value": "v"} for n in range(31)],
                    }
                ]
            },
            accent={"MetricData": [{"MetricName": "m", "Value": 1.0, "Dimensions": [{"Name": "ö", "Value": "v"}]}]},
            values={"MetricData": [{"MetricName": "m", "Values": [float(n) for n in range(151)]}]},
            namespace={"Namespace": "Bätch"},
        ),
    ],
    "kms": [
        request(
            "CreateKey",
            {"Description": "d"},
            no_usage={"KeySpec": "HMAC_256"},
            signing={"KeySpec": "ECC_NIST_P256"},
            store={"Origin": "AWS_CLOUDHSM"},
            external={"Origin": "EXTERNAL_KEY_STORE"},
            outside={"XksKeyId": "key-1"},
            twice={"Tags": [{"TagKey": "k", "TagValue": "v"}, {"TagKey": "k", "TagValue": "w"}]},
            everywhere={"MultiRegion": True, "CustomKeyStoreId": "cks-1"},
        ),
        request(
            "CreateAlias",
            lambda a: {"AliasName": f"alias/{a.name()}", "TargetKeyId": a.old_key},
            region={"TargetKeyId": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"},
            account={"TargetKeyId": "arn:aws:kms:us-east-1:210987654321:key/11111111-2222-3333-4444-555555555555"},
        ),
        request(
            "CreateGrant",
            lambda a: {"KeyId": a.old_key, "GranteePrincipal": a.events_role, "Operations": ["Decrypt"]},
            both={"GranteeServicePrincipal": "logs.amazonaws.com"},
            pairs={"Constraints": {"EncryptionContextEquals": {f"k{n}": "v" for n in range(9)}}},
            pair={"Constraints": {"EncryptionContextSubset": {"k": "v" * 385}}},
            operation={"Operations": ["Sign"]},
        ),
    ],
    "dynamodb": [
        request(
            "CreateTable",
            data.table,
            swapped={
                "KeySchema": [
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                    {"AttributeName": "pk", "KeyType": "HASH"},
                ]
            },
            twice=lambda a: {"GlobalSecondaryIndexes": data.table(a)["GlobalSecondaryIndexes"] * 2},
            on_demand={"OnDemandThroughput": {"MaxReadRequestUnits": 1}},
            nothing={"WarmThroughput": {}},
            tags={"Tags": [{"Key": "k", "Value": "v"}, {"Key": "k", "Value": "w"}]},
        ),
        request(
            "UpdateContinuousBackups",
            {"TableName": "ledger", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
            days={"PointInTimeRecoverySpecification": {"RecoveryPeriodInDays": 36}},
        ),
    ],
}
