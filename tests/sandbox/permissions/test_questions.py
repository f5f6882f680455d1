"""Questions that no call asks, and the records of all that was asked."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.sandbox.permissions.conftest import ACCOUNT, SERVICE, World, allow, denied, policy

BUCKET = "bucket-of-layers"


class TestQuestions:
    """What runs on the account's behalf asks in its own name, without a call."""

    def post(self, world: World, path: str, document: Any) -> Any:
        request = Request(f"{world.url}{path}", data=json.dumps(document).encode(), method="POST")
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def test_a_refusal_is_a_sentence_and_consent_is_nothing(self, world: World) -> None:
        queue = world.root("sqs").create_queue(QueueName="letters")["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"
        source = {"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:us-east-1:1:rule/r"}}}
        statement = {**allow("sqs:SendMessage", arn, **source), "Principal": {"Service": "events.amazonaws.com"}}
        world.root("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy(statement)})

        def ask(rule: str) -> str | None:
            keys = {"aws:SourceArn": f"arn:aws:events:us-east-1:1:rule/{rule}"}
            name = "events.amazonaws.com"
            return world.authorization.refusal(principal=name, action="sqs:SendMessage", resource=arn, context=keys)

        assert ask("r") is None
        assert "is not authorized to perform: sqs:SendMessage" in str(ask("other"))

    def test_the_same_over_http(self, world: World) -> None:
        role = world.role(allow("s3:GetObject"))
        questions = [
            {"principal": role, "action": f"s3:{a}", "resource": "arn:aws:s3:::b/k"} for a in ("GetObject", "PutObject")
        ]
        assert [a["allowed"] for a in self.post(world, "/_permissions/evaluate", questions)] == [True, False]
        keys = self.post(world, "/_permissions/credentials", {"service": SERVICE, "role": role})
        assert set(keys) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
        with pytest.raises(HTTPError):
            self.post(world, "/_permissions/credentials", {"service": "glue.amazonaws.com", "role": role})
        with urlopen(f"{world.url}/_permissions/records?after=0", timeout=60) as answer:
            assert any(record["action"] == "sts:AssumeRole" for record in json.load(answer))

    def test_whoever_does_not_sign_is_nobody(self, world: World) -> None:
        world.root("s3").create_bucket(Bucket="bucket-closed")
        with pytest.raises(HTTPError, match="403"):
            urlopen(f"{world.url}/bucket-closed?list-type=2", timeout=60)


class TestRecords:
    def test_every_permission_is_recorded_with_its_statement(self, world: World) -> None:
        role = world.role(allow("sqs:CreateQueue", Sid="MakeQueues"))
        world.as_role("sqs", role).create_queue(QueueName="queue-one")
        record = world.authorization.log.records[-1]
        assert (record.role, record.operation, record.action) == (role, "sqs:CreateQueue", "sqs:CreateQueue")
        assert record.resource == f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue-one"
        assert record.verdict == "allowed"
        assert record.statements == (f"identity policy {role.rpartition('/')[2]}/rights, statement MakeQueues",)

    def test_a_call_that_no_table_knows_is_refused_and_says_so(self, world: World) -> None:
        client = world.as_role("glue", world.role(allow("glue:*")))
        message = denied(lambda: client.create_job(Name="x", Role="r", Command={}))[1]
        assert "not known here" in message
        assert world.authorization.log.records[-1].verdict == "unmapped"

    def test_the_records_are_written_as_lines(self, world: World, tmp_path: Any) -> None:
        from sandbox.permissions.record import Log
        from sandbox.permissions.record import read as read_records

        log = Log(tmp_path / "calls.jsonl")
        record = world.authorization.log.records[-1]
        log.add(record)
        assert json.loads((tmp_path / "calls.jsonl").read_text())["action"] == record.action
        assert read_records(tmp_path / "calls.jsonl") == [record]
