"""Plausible mistakes in requests to DynamoDB, Systems Manager, Secrets Manager and Budgets."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.documented import ABSENT, Request, request


def _parameter(a: Strict) -> dict[str, Any]:
    return {"Name": f"/batch/{a.name()}", "Value": "v", "Type": "String"}


def _taken_parameter(a: Strict) -> str:
    parameters = _parameter(a)
    a.client("ssm").put_parameter(**parameters)
    return str(parameters["Name"])


def _secret(a: Strict) -> str:
    return str(a.client("secretsmanager").create_secret(Name=a.name(), SecretString="s")["ARN"])


def _secret_policy(**elements: Any) -> str:
    base = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    return policy({**base, **elements})


REQUESTS: Final[dict[str, list[Request]]] = {
    "dynamodb": [
        request(
            "CreateTable",
            data.table,
            unused=lambda a: {
                "AttributeDefinitions": [
                    *data.table(a)["AttributeDefinitions"],
                    {"AttributeName": "more", "AttributeType": "S"},
                ]
            },
            three_keys={
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                    {"AttributeName": "gk", "KeyType": "RANGE"},
                ]
            },
            on_demand={"BillingMode": "PAY_PER_REQUEST"},
            kind={"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "BOOL"}]},
            same={
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "pk", "KeyType": "RANGE"},
                ]
            },
            definition_twice=lambda a: {"AttributeDefinitions": data.table(a)["AttributeDefinitions"] * 2},
            key={"SSESpecification": {"KMSMasterKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/none"}},
            protection={"DeletionProtectionEnabled": "yes"},
        ),
        request(
            "UpdateTable",
            {"TableName": "ledger", "DeletionProtectionEnabled": False},
            nothing={"DeletionProtectionEnabled": ABSENT},
            none={"TableName": "ghost"},
            stream={"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}},
        ),
        request(
            "TransactWriteItems",
            lambda a: {"TransactItems": [{"Put": {"TableName": "ledger", "Item": {"pk": {"S": a.name()}}}}]},
            twice={
                "TransactItems": [
                    {"Put": {"TableName": "ledger", "Item": {"pk": {"S": "x"}}}},
                    {"Delete": {"TableName": "ledger", "Key": {"pk": {"S": "x"}}}},
                ]
            },
            two={
                "TransactItems": [
                    {
                        "Put": {"TableName": "ledger", "Item": {"pk": {"S": "x"}}},
                        "Delete": {"TableName": "ledger", "Key": {"pk": {"S": "y"}}},
                    }
                ]
            },
            nothing={"TransactItems": [{}]},
            none={"TransactItems": []},
            many={
                "TransactItems": [{"Put": {"TableName": "ledger", "Item": {"pk": {"S": str(n)}}}} for n in range(101)]
            },
        ),
        request(
            "Scan",
            {"TableName": "ledger"},
            segment={"Segment": 1},
            segments={"Segment": 2, "TotalSegments": 2},
            syntax={"FilterExpression": "pk ="},
            limit={"Limit": 0},
        ),
        request(
            "DeleteItem",
            {"TableName": "ledger", "Key": {"pk": {"S": "x"}}},
            kind={"Key": {"pk": {"N": "1"}}},
            more={"Key": {"pk": {"S": "x"}, "sk": {"S": "y"}}},
            condition={"ConditionExpression": "attribute_exist(pk)"},
        ),
        request(
            "BatchGetItem",
            {"RequestItems": {"ledger": {"Keys": [{"pk": {"S": "x"}}]}}},
            twice={"RequestItems": {"ledger": {"Keys": [{"pk": {"S": "x"}}] * 2}}},
            many={"RequestItems": {"ledger": {"Keys": [{"pk": {"S": str(n)}} for n in range(101)]}}},
            none={"RequestItems": {"ghost": {"Keys": [{"pk": {"S": "x"}}]}}},
        ),
    ],
    "ssm": [
        request(
            "PutParameter",
            _parameter,
            reserved={"Name": "/aws/batch"},
            reserved_ssm={"Name": "ssm-batch"},
            relative={"Name": "batch/parameter"},
            depth={"Name": "/" + "/".join("abcdefghijklmnop")},
            characters={"Name": "/batch/a b"},
            long={"Value": "v" * 4097},
            no_type={"Type": ABSENT},
            kind={"Type": "Secret"},
            tier={"Tier": "Cheap"},
            key={"KeyId": "alias/aws/ssm"},
            empty={"Value": ""},
            tags_and_overwrite={"Overwrite": True, "Tags": [{"Key": "k", "Value": "v"}]},
            pattern={"AllowedPattern": "^\\d+$"},
            taken=lambda a: {"Name": _taken_parameter(a)},
        ),
        request("GetParameter", lambda a: {"Name": _taken_parameter(a)}, none={"Name": "/batch/ghost"}),
        request(
            "GetParametersByPath",
            {"Path": "/batch"},
            relative={"Path": "batch"},
            page={"MaxResults": 11},
        ),
    ],
    "secretsmanager": [
        request(
            "CreateSecret",
            lambda a: {"Name": a.name(), "SecretString": "s"},
            both={"SecretBinary": b"s"},
            characters={"Name": "a secret!"},
            long={"Name": "n" * 513},
            large={"SecretString": "s" * 65537},
            token={"ClientRequestToken": "short"},
        ),
        request("GetSecretValue", lambda a: {"SecretId": _secret(a)}, none={"SecretId": "ghost"}),
        request(
            "DeleteSecret",
            lambda a: {"SecretId": _secret(a)},
            short={"RecoveryWindowInDays": 6},
            long={"RecoveryWindowInDays": 31},
            both={"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True},
        ),
        request(
            "PutResourcePolicy",
            lambda a: {"SecretId": _secret(a), "ResourcePolicy": _secret_policy()},
            no_json={"ResourcePolicy": "{"},
            action={"ResourcePolicy": _secret_policy(Action="s3:GetObject")},
            nobody={"ResourcePolicy": _secret_policy(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/ghost"})},
        ),
    ],
    "budgets": [
        request(
            "CreateBudget",
            lambda a: {
                "AccountId": ACCOUNT,
                "Budget": {
                    "BudgetName": a.name(),
                    "BudgetLimit": {"Amount": "100", "Unit": "USD"},
                    "TimeUnit": "MONTHLY",
                    "BudgetType": "COST",
                },
            },
            account={"AccountId": "123"},
            name={"Budget": {"BudgetName": "a:b"}},
            slash={"Budget": {"BudgetName": "a/action/b"}},
            long={"Budget": {"BudgetName": "n" * 101}},
            amount={"Budget": {"BudgetLimit": {"Amount": "much"}}},
            negative={"Budget": {"BudgetLimit": {"Amount": "-1"}}},
            unit={"Budget": {"TimeUnit": "WEEKLY"}},
            kind={"Budget": {"BudgetType": "MONEY"}},
            no_limit={"Budget": {"BudgetLimit": ABSENT}},
            subscribers={
                "NotificationsWithSubscribers": [
                    {
                        "Notification": {
                            "NotificationType": "ACTUAL",
                            "ComparisonOperator": "GREATER_THAN",
                            "Threshold": 80.0,
                        },
                        "Subscribers": [],
                    }
                ]
            },
            address={
                "NotificationsWithSubscribers": [
                    {
                        "Notification": {
                            "NotificationType": "ACTUAL",
                            "ComparisonOperator": "GREATER_THAN",
                            "Threshold": 80.0,
                        },
                        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "nobody"}],
                    }
                ]
            },
        ),
    ],
}
