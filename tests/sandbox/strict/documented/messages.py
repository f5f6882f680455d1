"""SNS, SQS, Step Functions, CodeBuild and CodePipeline, each operation's page in its API reference."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.strict.conftest import ACCOUNT, policy
from tests.sandbox.strict.documented import ABSENT, request
from tests.sandbox.strict.seeds.delivery import _BUILD, _CREATE_PIPELINE, _PROJECT, _SOURCE, _pipeline, _stage
from tests.sandbox.strict.seeds.messages import _redrive
from tests.sandbox.strict.seeds.states import _CREATE_MACHINE, _logging, _machine

_GHOST = f"arn:aws:iam::{ACCOUNT}:role/ghost"
_SEND = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
}


def _with(**attributes: str) -> dict[str, Any]:
    return {"Attributes": attributes}


SERVICE = "sns"
REQUESTS = [
    request("CreateTopic", lambda a: {"Name": a.name()}, space={"Name": "a topic"}, long={"Name": "t" * 257}, fifo=_with(FifoTopic="true"), suffix={"Name": "t.fifo"}, attribute=_with(Colour="red"), no_json=_with(Policy="{"), delivery=_with(DeliveryPolicy="{"), signature=_with(SignatureVersion="3"), tracing=_with(TracingConfig="Some"), ghost=_with(Policy=policy({**_SEND, "Principal": {"AWS": _GHOST}, "Action": "sns:Publish"})), action=_with(Policy=policy({**_SEND, "Action": "sqs:SendMessage"})), name=_with(DisplayName="d" * 101), reserved={"Tags": [{"Key": "aws:x", "Value": "v"}]}),
    request("Subscribe", lambda a: {"TopicArn": a.topic, "Protocol": "email", "Endpoint": "a@example.org"}, protocol={"Protocol": "pigeon"}, address={"Endpoint": "nobody"}, scheme={"Protocol": "https", "Endpoint": "http://example.org"}, queue={"Protocol": "sqs", "Endpoint": "queue"}, function={"Protocol": "lambda", "Endpoint": "f"}, phone={"Protocol": "sms", "Endpoint": "call me"}, none={"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:ghost"}, arn={"TopicArn": "topic"}, raw=_with(RawMessageDelivery="true"), no_json=_with(FilterPolicy="{"), scope=_with(FilterPolicyScope="Everything"), filter=_with(FilterPolicy=json.dumps({"k": "v"})), empty={"Endpoint": ""}, redrive=_with(RedrivePolicy=json.dumps({"deadLetterTargetArn": "x"}))),
    request("Publish", lambda a: {"TopicArn": a.topic, "Message": "m"}, none={"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:ghost"}, empty={"Message": ""}, large={"Message": "m" * 262145}, subject={"Subject": "s" * 101}, line={"Subject": "a\nb"}, accents={"Subject": "é"}, structure={"MessageStructure": "json", "Message": "{}"}, structure_text={"MessageStructure": "json"}, other_structure={"MessageStructure": "xml"}, attribute={"MessageAttributes": {"a": {"StringValue": "x"}}}, kind={"MessageAttributes": {"a": {"DataType": "Text", "StringValue": "x"}}}, attribute_value={"MessageAttributes": {"a": {"DataType": "String", "StringValue": ""}}}, number={"MessageAttributes": {"a": {"DataType": "Number", "StringValue": "one"}}}, group={"MessageDeduplicationId": "x"}, nowhere={"TopicArn": ABSENT}, two=lambda a: {"TargetArn": a.topic}),
    request("PublishBatch", lambda a: {"TopicArn": a.topic, "PublishBatchRequestEntries": [{"Id": "1", "Message": "m"}]}, many={"PublishBatchRequestEntries": [{"Id": str(n), "Message": "m"} for n in range(11)]}, twice={"PublishBatchRequestEntries": [{"Id": "1", "Message": "m"}] * 2}, none={"PublishBatchRequestEntries": []}, ident={"PublishBatchRequestEntries": [{"Id": "a b", "Message": "m"}]}),
    request("SetTopicAttributes", lambda a: {"TopicArn": a.topic, "AttributeName": "DisplayName", "AttributeValue": "d"}, name={"AttributeName": "Colour"}, none={"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:ghost"}, no_json={"AttributeName": "Policy", "AttributeValue": "{"}, fixed={"AttributeName": "FifoTopic", "AttributeValue": "true"}),
    request("Unsubscribe", lambda a: {"SubscriptionArn": a.new_subscription()}, arn={"SubscriptionArn": "subscription"}),
]  # fmt: skip

_URL = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/queue"
_TEXT = {"DataType": "String", "StringValue": "x"}
REQUESTS_SQS = [
    request("CreateQueue", lambda a: {"QueueName": a.name()}, space={"QueueName": "a queue"}, long={"QueueName": "q" * 81}, fifo=_with(FifoQueue="true"), suffix={"QueueName": "q.fifo"}, visibility=_with(VisibilityTimeout="43201"), negative=_with(VisibilityTimeout="-1"), delay=_with(DelaySeconds="901"), retention=_with(MessageRetentionPeriod="59"), size=_with(MaximumMessageSize="1023"), wait=_with(ReceiveMessageWaitTimeSeconds="21"), reuse=_with(KmsMasterKeyId="alias/x", KmsDataKeyReusePeriodSeconds="59"), word=_with(DelaySeconds="soon"), managed=_with(SqsManagedSseEnabled="yes"), two_keys=_with(SqsManagedSseEnabled="true", KmsMasterKeyId="alias/x"), attribute=_with(Colour="red"), dedup=_with(ContentBasedDeduplication="true"), no_json=_with(Policy="{"), action=_with(Policy=policy({**_SEND, "Action": "sns:Publish"})), unknown_action=_with(Policy=policy({**_SEND, "Action": "sqs:SendLetter"})), redrive=_redrive(f"arn:aws:sqs:us-east-1:{ACCOUNT}:none", 3), count=lambda a: _redrive(a.queue, 1001), incomplete=lambda a: _with(RedrivePolicy=json.dumps({"deadLetterTargetArn": a.queue})), allow=_with(RedriveAllowPolicy=json.dumps({"redrivePermission": "some"})), taken={"QueueName": "queue", **_with(DelaySeconds="7")}, reserved={"tags": {"aws:x": "v"}}),
    request("SendMessage", lambda a: {"QueueUrl": a.queue_url, "MessageBody": "m"}, none=lambda a: {"QueueUrl": a.queue_url + "-ghost"}, empty={"MessageBody": ""}, control={"MessageBody": "a\u0000b"}, large={"MessageBody": "m" * 1_048_577}, delay={"DelaySeconds": 901}, group={"MessageDeduplicationId": "d"}, kind={"MessageAttributes": {"a": {**_TEXT, "DataType": "Text"}}}, no_kind={"MessageAttributes": {"a": {"StringValue": "x"}}}, name={"MessageAttributes": {"AWS.a": _TEXT}}, dots={"MessageAttributes": {"a..b": _TEXT}}, value={"MessageAttributes": {"a": {"DataType": "String"}}}, many={"MessageAttributes": {f"a{n}": _TEXT for n in range(11)}}, number={"MessageAttributes": {"a": {"DataType": "Number", "StringValue": "one"}}}),
    request("SendMessageBatch", lambda a: {"QueueUrl": a.queue_url, "Entries": [{"Id": "1", "MessageBody": "m"}]}, empty={"Entries": []}, many={"Entries": [{"Id": str(n), "MessageBody": "m"} for n in range(11)]}, twice={"Entries": [{"Id": "1", "MessageBody": "m"}] * 2}, ident={"Entries": [{"Id": "a b", "MessageBody": "m"}]}),
    request("ReceiveMessage", lambda a: {"QueueUrl": a.queue_url}, many={"MaxNumberOfMessages": 11}, zero={"MaxNumberOfMessages": 0}, wait={"WaitTimeSeconds": 21}, visibility={"VisibilityTimeout": 43201}, none=lambda a: {"QueueUrl": a.queue_url + "-ghost"}, attribute={"AttributeNames": ["Colour"]}),
    request("DeleteMessage", lambda a: {"QueueUrl": a.queue_url, "ReceiptHandle": a.new_receipt()}, handle={"ReceiptHandle": "receipt"}, no_handle={"ReceiptHandle": ABSENT}),
    request("ChangeMessageVisibility", lambda a: {"QueueUrl": a.queue_url, "ReceiptHandle": a.new_receipt(), "VisibilityTimeout": 5}, long={"VisibilityTimeout": 43201}, negative={"VisibilityTimeout": -1}, handle={"ReceiptHandle": "receipt"}),
    request("GetQueueAttributes", lambda a: {"QueueUrl": a.queue_url, "AttributeNames": ["All"]}, attribute={"AttributeNames": ["Colour"]}, none=lambda a: {"QueueUrl": a.queue_url + "-ghost"}),
    request("SetQueueAttributes", lambda a: {"QueueUrl": a.queue_url, "Attributes": {"DelaySeconds": "0"}}, word={"Attributes": {"DelaySeconds": "soon"}}, fifo={"Attributes": {"FifoQueue": "true"}}, read_only={"Attributes": {"QueueArn": "x"}}, visibility={"Attributes": {"VisibilityTimeout": "50000"}}),
    request("TagQueue", lambda a: {"QueueUrl": a.queue_url, "Tags": {"k": "v"}}, reserved={"Tags": {"aws:k": "v"}}, many={"Tags": {str(n): "v" for n in range(51)}}),
]  # fmt: skip

_PASS = {"Type": "Pass", "End": True}
_RUN = {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": True}


def _states(**states: Any) -> dict[str, Any]:
    return _machine(states)


def _data(**states: Any) -> dict[str, Any]:
    return _machine(states, QueryLanguage="JSONata")


REQUESTS_STATES = [
    request(
        "CreateStateMachine",
        _CREATE_MACHINE[1],
        no_json={"definition": "{"},
        no_start={"definition": json.dumps({"States": {"A": _PASS}})},
        other_start=_machine({"A": _PASS}, start="B"),
        no_states={"definition": json.dumps({"StartAt": "A", "States": {}})},
        kind=_states(A={"Type": "Job", "End": True}),
        no_kind=_states(A={"End": True}),
        nowhere=_states(A={"Type": "Pass"}),
        next=_states(A={"Type": "Pass", "Next": "B"}),
        both=_states(A={"Type": "Pass", "Next": "B", "End": True}, B={"Type": "Succeed"}),
        unreachable=_states(A=_PASS, B=_PASS),
        no_resource=_states(A={"Type": "Task", "End": True}),
        resource=_states(A={"Type": "Task", "Resource": "ecs:runTask", "End": True}),
        no_choices=_states(A={"Type": "Choice", "Choices": []}),
        choice_next=_states(A={"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True}]}),
        comparison=_states(A={"Type": "Choice", "Choices": [{"Variable": "$.x", "Equals": 1, "Next": "B"}]}, B=_PASS),
        choice_end=_states(A={"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "B"}], "End": True}, B=_PASS),
        two_waits=_states(A={"Type": "Wait", "Seconds": 1, "Timestamp": "2026-01-01T00:00:00Z", "End": True}),
        no_wait=_states(A={"Type": "Wait", "End": True}),
        wait_word=_states(A={"Type": "Wait", "Seconds": "one", "End": True}),
        wait_time=_states(A={"Type": "Wait", "Timestamp": "tomorrow", "End": True}),
        no_branches=_states(A={"Type": "Parallel", "Branches": [], "End": True}),
        no_processor=_states(A={"Type": "Map", "End": True}),
        retry=_states(A={**_RUN, "Retry": [{"ErrorEquals": []}]}),
        retry_backoff=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["States.ALL"], "BackoffRate": 0.5}]}),
        retry_interval=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 0}]}),
        retry_attempts=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": -1}]}),
        retry_order=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}]}),
        retry_company=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["States.ALL", "X"]}]}),
        jitter=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["X"], "JitterStrategy": "SOME"}]}),
        catch=_states(A={**_RUN, "Catch": [{"ErrorEquals": ["States.ALL"]}]}),
        catch_next=_states(A={**_RUN, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}]}),
        catch_of_pass=_states(A={**_PASS, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "A"}]}),
        timeout=_states(A={**_RUN, "TimeoutSeconds": 0}),
        timeout_twice=_states(A={**_RUN, "TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t"}),
        heartbeat=_states(A={**_RUN, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}),
        field=_states(A={**_PASS, "Colour": "red"}),
        path=_states(A={**_PASS, "InputPath": "x"}),
        result_path=_states(A={**_PASS, "ResultPath": "result"}),
        reference=_states(A={**_PASS, "Parameters": {"x.$": "x"}}),
        intrinsic=_states(A={**_PASS, "Parameters": {"x.$": "States.Nothing($.x)"}}),
        fail_next=_states(A={"Type": "Fail", "Next": "B"}, B=_PASS),
        fail_both=_states(A={"Type": "Fail", "Cause": "x", "CausePath": "$.x"}),
        language=_machine({"A": _PASS}, QueryLanguage="SQL"),
        expression=_data(A={**_PASS, "Output": "{% 1 + %}"}),
        open_expression=_data(A={**_PASS, "Output": {"x": "{% $states.input"}}),
        path_in_jsonata=_data(A={**_PASS, "InputPath": "$"}),
        parameters_in_jsonata=_data(A={**_RUN, "Parameters": {}}),
        arguments_in_jsonpath=_states(A={**_RUN, "Arguments": {}}),
        condition_in_jsonpath=_states(A={"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "B"}]}, B=_PASS),
        variable_in_jsonata=_data(A={"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "B"}]}, B=_PASS),
        condition_text=_data(A={"Type": "Choice", "Choices": [{"Condition": "true", "Next": "B"}]}, B=_PASS),
        assigned=_data(A={**_PASS, "Assign": {"states": 1}}),
        assigned_name=_data(A={**_PASS, "Assign": {"a b": 1}}),
        long_state=_machine({"s" * 81: _PASS}, start="s" * 81),
        express_sync={**_states(A=_RUN), "type": "EXPRESS"},
        kind_of_machine={"type": "FAST"},
        logging=_logging(),
        log_level={"loggingConfiguration": {"level": "SOME"}},
        log_arn=lambda a: _logging(destinations=[{"cloudWatchLogsLogGroup": {"logGroupArn": a.log_group}}]),
        ghost={"roleArn": _GHOST},
        role_of_another=lambda a: {"roleArn": a.events_role},
        name={"name": "a machine"},
        taken={"name": "machine"},
        description={"versionDescription": "d"},
        key={"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}},
        reuse={"encryptionConfiguration": {"type": "AWS_OWNED_KEY", "kmsDataKeyReusePeriodSeconds": 100}},
        version=_machine({"A": _PASS}, Version="2.0"),
        machine_timeout=_machine({"A": _PASS}, TimeoutSeconds=-1),
        concurrency=_states(A={"Type": "Map", "MaxConcurrency": -1, "ItemProcessor": {"StartAt": "B", "States": {"B": _PASS}}, "End": True}),
        mode=_states(A={"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "BIG"}, "StartAt": "B", "States": {"B": _PASS}}, "End": True}),
        batches=_states(A={"Type": "Map", "ItemBatcher": {}, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "B", "States": {"B": _PASS}}, "End": True}),
        tolerated=_states(A={"Type": "Map", "ToleratedFailurePercentage": 101, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "B", "States": {"B": _PASS}}, "End": True}),
        integration=_states(A={**_RUN, "Resource": "arn:aws:states:::ecs:fly"}),
        sdk=_states(A={**_RUN, "Resource": "arn:aws:states:::aws-sdk:nothing:doIt"}),
    ),
    request("StartExecution", lambda a: {"stateMachineArn": a.machine, "name": a.name(), "input": "{}"}, no_json={"input": "{"}, space={"name": "a run"}, long={"name": "r" * 81}, large={"input": json.dumps("x" * 262145)}, none={"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:ghost"}, arn={"stateMachineArn": "machine"}, taken=lambda a: {"name": a.new_execution(), "input": '{"other": 1}'}),
    request("UpdateStateMachine", lambda a: {"stateMachineArn": a.machine, "roleArn": a.states_role}, nothing={"roleArn": ABSENT}, none={"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:ghost"}, definition={"definition": "{}"}, ghost={"roleArn": _GHOST}),
    request("StopExecution", lambda a: {"executionArn": a.new_execution_arn()}, none={"executionArn": f"arn:aws:states:us-east-1:{ACCOUNT}:execution:machine:ghost"}, arn={"executionArn": "run"}, error={"error": "e" * 257}),
    request("DescribeExecution", lambda a: {"executionArn": a.new_execution_arn()}, none={"executionArn": f"arn:aws:states:us-east-1:{ACCOUNT}:execution:machine:ghost"}, arn={"executionArn": "run"}),
    request("ListExecutions", lambda a: {"stateMachineArn": a.machine}, page={"maxResults": 1001}, status={"statusFilter": "DONE"}, none={"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:ghost"}, nothing={"stateMachineArn": ABSENT}),
    request("DescribeStateMachine", lambda a: {"stateMachineArn": a.machine}, none={"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:ghost"}, arn={"stateMachineArn": "m"}),
]  # fmt: skip

REQUESTS_CODEBUILD = [
    request("CreateProject", _PROJECT[1], name={"name": "a project"}, short={"name": "p"}, timeout={"timeoutInMinutes": 4}, queued={"queuedTimeoutInMinutes": 481}, source={"source": {"type": "FTP"}}, no_location={"source": {"type": "GITHUB", "location": ABSENT}}, artifacts={"artifacts": {"type": "CODEPIPELINE"}}, no_bucket={"artifacts": {"type": "S3"}}, compute={"environment": {"computeType": "TINY"}}, kind={"environment": {"type": "SOLARIS"}}, no_image={"environment": {"image": ABSENT}}, variable={"environment": {"environmentVariables": [{"name": "x", "value": "y", "type": "FILE"}]}}, network={"vpcConfig": {"vpcId": "vpc-1"}}, role={"serviceRole": _GHOST}, no_role={"serviceRole": ABSENT}, taken=lambda a: {"name": a.new_project()}, reserved={"tags": [{"key": "aws:x", "value": "v"}]}, log_group={"logsConfig": {"cloudWatchLogs": {"status": "SOMETIMES"}}}),
    request("StartBuild", lambda a: {"projectName": a.new_project()}, none={"projectName": "ghost"}, timeout={"timeoutInMinutesOverride": 3}),
]  # fmt: skip
REQUESTS_CODEPIPELINE = [
    request("CreatePipeline", _CREATE_PIPELINE[1], one=_pipeline(_SOURCE), names=_pipeline(_SOURCE, {**_BUILD, "name": "Source"}), late_source=_pipeline(_SOURCE, _BUILD, _stage("Again", outputArtifacts=[{"name": "x"}])), no_source=_pipeline(_BUILD, _SOURCE), unknown=_pipeline(_SOURCE, _stage("Build", "Build", inputArtifacts=[{"name": "none"}])), empty=_pipeline(_SOURCE, {"name": "Build", "actions": []}), category=_pipeline(_SOURCE, _stage("Build", "Bake")), owner=_pipeline(_SOURCE, {"name": "B", "actions": [{"name": "b", "actionTypeId": {"category": "Build", "owner": "Us", "provider": "CodeBuild", "version": "1"}}]}), name={"pipeline": {"name": "a pipeline"}}, role={"pipeline": {"roleArn": _GHOST}}, no_store={"pipeline": {"artifactStore": ABSENT}}, two_stores=lambda a: {"pipeline": {"artifactStores": {"us-east-1": {"type": "S3", "location": a.bucket}}}}, store={"pipeline": {"artifactStore": {"type": "EBS"}}}, kind={"pipeline": {"pipelineType": "V3"}}, mode={"pipeline": {"executionMode": "QUEUED", "pipelineType": "V1"}}, variables={"pipeline": {"pipelineType": "V1", "variables": [{"name": "x"}]}}, order=_pipeline(_SOURCE, _stage("Build", "Build", runOrder=1000, inputArtifacts=[{"name": "code"}])), artifact=_pipeline(_stage("Source", outputArtifacts=[{"name": "a b"}]), _BUILD), twice=_pipeline(_SOURCE, _stage("Build", "Build", inputArtifacts=[{"name": "code"}], outputArtifacts=[{"name": "code"}])), stage_name=_pipeline(_SOURCE, {**_BUILD, "name": "a stage"}), approval=_pipeline(_SOURCE, {"name": "Gate", "actions": [{"name": "gate", "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}, "inputArtifacts": [{"name": "code"}]}]}), taken=lambda a: {"pipeline": {"name": a.new_pipeline()}}),
    request("StartPipelineExecution", lambda a: {"name": a.new_pipeline()}, none={"name": "ghost"}),
]  # fmt: skip
