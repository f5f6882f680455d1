"""Requests to DynamoDB."""

from __future__ import annotations

from typing import Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import ACCOUNT
from tests.sandbox.strict.requests import ABSENT, Request, request

_KEYS = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}


_UPDATE = {
    "TableName": "ledger",
    "Key": {"pk": {"S": "x"}},
    "UpdateExpression": "SET #s = :s",
    "ExpressionAttributeNames": {"#s": "state"},
    "ExpressionAttributeValues": {":s": {"S": "y"}},
}


REQUESTS: Final[dict[str, list[Request]]] = {
    "dynamodb": [
        request(
            "CreateTable",
            lambda a: {"TableName": a.name(), "BillingMode": "PAY_PER_REQUEST", **_KEYS},
            short={"TableName": "ab"},
            character={"TableName": "a table"},
            taken={"TableName": "ledger"},
            billing={"BillingMode": "FREE"},
            no_capacity={"BillingMode": "PROVISIONED"},
            capacity={"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
            kind={"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "L"}]},
            undefined={"AttributeDefinitions": [{"AttributeName": "other", "AttributeType": "S"}]},
            more={
                "AttributeDefinitions": [
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "x", "AttributeType": "S"},
                ]
            },
            no_hash={"KeySchema": [{"AttributeName": "pk", "KeyType": "RANGE"}]},
            stream={"StreamSpecification": {"StreamEnabled": True}},
            key={"SSESpecification": {"Enabled": False, "KMSMasterKeyId": "alias/x"}},
            index={
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "i",
                        "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ]
            },
            projection={
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "idx",
                        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "INCLUDE"},
                    }
                ]
            },
            local={
                "LocalSecondaryIndexes": [
                    {
                        "IndexName": "idx",
                        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ]
            },
            table_class={"TableClass": "COLD"},
        ),
        request(
            "PutItem",
            {"TableName": "ledger", "Item": {"pk": {"S": "documented"}}},
            none={"TableName": "ghost"},
            no_key={"Item": {"pk": ABSENT, "x": {"S": "y"}}},
            empty_key={"Item": {"pk": {"S": ""}}},
            kind={"Item": {"pk": {"S": ABSENT, "N": "1"}}},
            number={"Item": {"n": {"N": "one"}}},
            huge_number={"Item": {"n": {"N": "1E+200"}}},
            two={"Item": {"n": {"N": "1", "S": "1"}}},
            empty_set={"Item": {"n": {"SS": []}}},
            set_twice={"Item": {"n": {"SS": ["a", "a"]}}},
            large={"Item": {"n": {"S": "x" * 410_000}}},
            returned={"ReturnValues": "ALL_NEW"},
            condition={"ConditionExpression": "pk == :x", "ExpressionAttributeValues": {":x": {"S": "x"}}},
            syntax={"ConditionExpression": "attribute_not_exists(pk"},
            function={"ConditionExpression": "missing(pk)"},
            reserved={"ConditionExpression": "attribute_not_exists(status)"},
            placeholder={"ConditionExpression": "pk = :x"},
            unused={"ConditionExpression": "attribute_not_exists(pk)", "ExpressionAttributeValues": {":x": {"S": "x"}}},
            values_alone={"ExpressionAttributeValues": {":x": {"S": "x"}}},
        ),
        request(
            "UpdateItem",
            _UPDATE,
            syntax={"UpdateExpression": "SET #s := :s"},
            verb={"UpdateExpression": "PUT #s = :s"},
            key={"UpdateExpression": "SET pk = :s", "ExpressionAttributeNames": ABSENT},
            no_name={"ExpressionAttributeNames": ABSENT},
            no_value={"ExpressionAttributeValues": ABSENT},
            twice={"UpdateExpression": "SET #s = :s, #s = :s"},
            reserved={"UpdateExpression": "SET status = :s", "ExpressionAttributeNames": ABSENT},
            range_key={"Key": {"pk": {"S": "x"}, "sk": {"S": "x"}}},
            placeholder_name={"ExpressionAttributeNames": {"s": "state"}},
            returned={"ReturnValues": "SOME"},
        ),
        request(
            "Query",
            {
                "TableName": "ledger",
                "KeyConditionExpression": "pk = :p",
                "ExpressionAttributeValues": {":p": {"S": "x"}},
            },
            none={"KeyConditionExpression": ABSENT, "ExpressionAttributeValues": ABSENT},
            inequality={"KeyConditionExpression": "pk > :p"},
            other={"KeyConditionExpression": "other = :p"},
            limit={"Limit": 0},
            index={"IndexName": "ghost"},
            select={"Select": "SPECIFIC"},
            filter={"FilterExpression": "pk = :p"},
        ),
        request(
            "GetItem",
            {"TableName": "ledger", "Key": {"pk": {"S": "x"}}},
            kind={"Key": {"pk": {"S": ABSENT, "N": "1"}}},
            more={"Key": {"pk": {"S": "x"}, "sk": {"S": "x"}}},
            empty={"Key": {"pk": {"S": ""}}},
            none={"TableName": "ghost"},
        ),
        request(
            "UpdateTimeToLive",
            {"TableName": "ledger", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}},
            none={"TableName": "ghost"},
            attribute={"TimeToLiveSpecification": {"AttributeName": ""}},
        ),
        request(
            "UpdateContinuousBackups",
            {"TableName": "ledger", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
            none={"TableName": "ghost"},
            days={"PointInTimeRecoverySpecification": {"RecoveryPeriodInDays": 36}},
        ),
        request(
            "BatchWriteItem",
            {"RequestItems": {"ledger": [{"PutRequest": {"Item": {"pk": {"S": "1"}}}}]}},
            many={"RequestItems": {"ledger": [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(26)]}},
            twice={"RequestItems": {"ledger": [{"PutRequest": {"Item": {"pk": {"S": "1"}}}}] * 2}},
            none={"RequestItems": {"ledger": []}},
        ),
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
        request(
            "TagResource",
            {
                "ResourceArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/ledger",
                "Tags": [{"Key": "k", "Value": "v"}],
            },
            ghost={"ResourceArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/ghost"},
        ),
        request(
            "BatchWriteItem",
            {"RequestItems": {"ledger": [{"PutRequest": {"Item": {"pk": {"S": "x"}}}}]}},
            both={
                "RequestItems": {
                    "ledger": [
                        {"PutRequest": {"Item": {"pk": {"S": "x"}}}, "DeleteRequest": {"Key": {"pk": {"S": "y"}}}}
                    ]
                }
            },
        ),
    ],
}
