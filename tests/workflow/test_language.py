"""JSONata, failures and Distributed Maps as Step Functions has them, beyond what the definitions use today."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import boto3
import pytest
from moto import mock_aws

from sandbox.workflow.executions import Execution
from sandbox.workflow.local_workflow import LocalWorkflow

QUERY_ERROR = "States.QueryEvaluationError"


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def run(states: dict[str, Any], **run_input: Any) -> Execution:
    """Runs states from `A` on."""

    def no_task(_: object) -> Any:
        raise AssertionError("no state runs a task")

    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": states}
    return LocalWorkflow(definition=definition, run_task=no_task, region="us-east-1", name="language").start(run_input)


def value(expression: str, **run_input: Any) -> Execution:
    """An execution whose output is the value of an expression."""
    return run({"A": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}}, **run_input)


class TestFunctions:
    """Those of https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html."""

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("$hash('a', 'SHA-256')", hashlib.sha256(b"a").hexdigest()),
            ("$hash('\u00e9', 'MD5')", hashlib.md5("\u00e9".encode()).hexdigest()),
            ("""$parse('{"a": [1, null, "x"]}')""", {"a": [1, None, "x"]}),
            ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
            ("$range(0, 6, 3)", [0, 3, 6]),
            ("$random(3) = $random(3)", True),
            ("$random(3) = $random(4)", False),
            ("$uuid() = $uuid()", False),
        ],
    )
    def test_that_are_there(self, expression: str, expected: object) -> None:
        execution = value(expression)
        assert (execution.status, execution.output) == ("SUCCEEDED", expected)

    def test_uuid_is_one_of_version_4(self) -> None:
        assert re.fullmatch(
            r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", value("$uuid()").output
        )

    @pytest.mark.parametrize(
        "expression",
        ["$eval('1 + 1')", "$hash('a')", "$hash('a', 'CRC')", "$uuid(1)", "$parse('1 + 1')", "$nothing()", "1 + 'a'"],
    )
    def test_that_fail(self, expression: str) -> None:
        execution = value(expression)
        assert (execution.status, execution.error) == ("FAILED", QUERY_ERROR)
        assert expression in str(execution.cause)

    def test_a_text_that_only_names_eval_is_a_text(self) -> None:
        assert value("'$eval'").output == "$eval"


@pytest.mark.parametrize("text", ['say "hi"', "back\\slash", "line\nfeed", "{% $x %}", "\u2028", {"a": ['"']}])
def test_a_variable_holds_any_text(text: object) -> None:
    assign = {"Type": "Pass", "Assign": {"kept": "{% $states.input.text %}"}, "Next": "B"}
    execution = run({"A": assign, "B": {"Type": "Pass", "Output": "{% $kept %}", "End": True}}, text=text)
    assert (execution.status, execution.output) == ("SUCCEEDED", text)


class TestFailures:
    @pytest.mark.parametrize(
        ("condition", "error"),
        [("{% false %}", "States.NoChoiceMatched"), ("{% 'true' %}", QUERY_ERROR), ("{% 1 %}", QUERY_ERROR)],
    )
    def test_of_a_choice(self, condition: str, error: str) -> None:
        choice = {"Type": "Choice", "Choices": [{"Condition": condition, "Next": "B"}]}
        assert run({"A": choice, "B": {"Type": "Pass", "End": True}}).error == error

    @pytest.mark.parametrize("field", ["Arguments", "Output", "Assign"])
    @pytest.mark.parametrize("error", [QUERY_ERROR, "States.ALL"])
    def test_in_any_field_of_a_task_is_caught(self, field: str, error: str) -> None:
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets",
            "Arguments": {},
            "Catch": [{"ErrorEquals": [error], "Output": "{% $states.errorOutput.Error %}", "Next": "B"}],
            "End": True,
            field: {"x": "{% $error('wrong') %}"},
        }
        execution = run({"A": task, "B": {"Type": "Pass", "End": True}})
        assert (execution.status, execution.output) == ("SUCCEEDED", QUERY_ERROR)

    def test_in_an_output_is_tried_again(self) -> None:
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets",
            "Arguments": {},
            "Output": "{% ($n := $states.context.State.RetryCount; $n < 2 ? $error('not yet') : $n) %}",
            "Retry": [{"ErrorEquals": [QUERY_ERROR], "MaxAttempts": 3, "IntervalSeconds": 1}],
            "End": True,
        }
        execution = run({"A": task})
        assert (execution.status, execution.output) == ("SUCCEEDED", 2)


class TestDistributedMap:
    """Batches and results in a bucket are two choices, neither of which needs the other."""

    @pytest.mark.parametrize("written", [False, True])
    @pytest.mark.parametrize(
        ("more", "outputs"),
        [
            ({}, [1, 2, 3]),
            ({"ItemBatcher": {"MaxItemsPerBatch": 2}}, [{"Items": [1, 2]}, {"Items": [3]}]),
            (
                {"ItemBatcher": {"MaxItemsPerBatch": 2}, "ItemSelector": {"n": "{% $states.context.Map.Item.Value %}"}},
                [{"Items": [{"n": 1}, {"n": 2}]}, {"Items": [{"n": 3}]}],
            ),
        ],
    )
    def test_each_by_itself(self, more: dict[str, Any], outputs: list[Any], written: bool) -> None:
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="results")
        processor = {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "P",
            "States": {"P": {"Type": "Pass", "End": True}},
        }
        each = {"Type": "Map", "Items": "{% [1, 2, 3] %}", "ItemProcessor": processor, "MaxConcurrency": 1, "End": True}
        if written:
            where = {"Bucket": "results", "Prefix": "maps"}
            each["ResultWriter"] = {"Resource": "arn:aws:states:::s3:putObject", "Arguments": where}
        execution = run({"A": each | more})
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket="results").get("Contents", [])]
        assert [key.rsplit("/")[-1] for key in keys] == (["SUCCEEDED_0.json", "manifest.json"] if written else [])
        result = execution.output
        if written:
            assert result["ResultWriterDetails"] == {"Bucket": "results", "Key": keys[1]}
            content = json.loads(s3.get_object(Bucket="results", Key=keys[0])["Body"].read())
            result = [json.loads(part["Output"]) for part in content]
        assert (execution.status, result) == ("SUCCEEDED", outputs)
