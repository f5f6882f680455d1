"""DynamoDB: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html"""

from __future__ import annotations

from tests.sandbox.strict.documented import ABSENT, request

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
REQUESTS = [
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
        {"TableName": "ledger", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "x"}}},
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
]
