"""An AWS account on loopback for the engine tests: moto's server, with the answers that the aws provider needs and
moto lacks.

`python -m sandbox.moto_gaps`; the first line printed is the address. `sandbox.account` starts it.

Each patch closes one gap and says what AWS does there. moto starts no containers and fires no events or schedules, and
nothing here pretends that it does.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import moto.codebuild.responses as codebuild
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.codepipeline.responses import CodePipelineResponse
from moto.core.responses import BaseResponse
from moto.core.serialize import never_return
from moto.dynamodb.models import DynamoDBBackend
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.iam import models as iam_models
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse
from moto.s3.exceptions import InvalidBucketState
from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend, s3_backends
from moto.server import DomainDispatcherApplication
from moto.stepfunctions.responses import StepFunctionResponse
from werkzeug.serving import make_server

from sandbox import dns_firewall, gaps

ACCOUNT = "123456789012"
HOST = "127.0.0.1"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def patch_step_functions() -> None:
    """A definition can be validated without starting it, and a state machine without versions lists none."""
    valid = json.dumps({"result": "OK", "diagnostics": [], "truncated": False})
    StepFunctionResponse.validate_state_machine_definition = lambda self: valid
    StepFunctionResponse.list_state_machine_versions = lambda self: json.dumps({"stateMachineVersions": []})


def patch_service_linked_roles() -> None:
    """ECS's role is called as AWS calls it."""
    iam_models.SERVICE_NAME_CONVERSION["ecs"] = "ECS"


TAGS_OF_SCALABLE_TARGETS: dict[str, dict[str, str]] = {}
"""ARN of a scalable target to its tags, which moto does not keep."""


def patch_scalable_targets() -> None:
    """A scalable target keeps the tags that it was registered or tagged with."""
    tags = TAGS_OF_SCALABLE_TARGETS
    register = ApplicationAutoScalingResponse.register_scalable_target

    def registered(self: Any) -> str:
        answer = register(self)
        tags.setdefault(json.loads(answer)["ScalableTargetARN"], {}).update(self._get_param("Tags") or {})
        return str(answer)

    def tagged(self: Any) -> str:
        tags.setdefault(self._get_param("ResourceARN"), {}).update(self._get_param("Tags") or {})
        return "{}"

    ApplicationAutoScalingResponse.register_scalable_target = registered
    ApplicationAutoScalingResponse.tag_resource = tagged
    ApplicationAutoScalingResponse.list_tags_for_resource = lambda self: json.dumps(
        {"Tags": tags.get(self._get_param("ResourceARN"), {})}
    )


def patch_table_tags() -> None:
    """A table that is tagged again has the new value; moto keeps the old one beside it.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html
    """
    tag = DynamoDBBackend.tag_resource

    def tagged(self: DynamoDBBackend, arn: str, tags: dict[str, str]) -> None:
        self.untag_resource(arn, list(tags))
        tag(self, arn, tags)

    DynamoDBBackend.tag_resource = tagged


def patch_ecs_services() -> None:
    """A service is described with the capacity, deployment and tagging settings that it was created with."""
    create = EC2ContainerServiceResponse.create_service

    def created(self: Any) -> Any:
        answer = create(self)
        service: Any = answer.result["service"]  # type: ignore[index]
        service.availability_zone_rebalancing = self._get_param("availabilityZoneRebalancing") or "DISABLED"
        service.deployment_configuration = self._get_param("deploymentConfiguration")
        service.enable_ecs_managed_tags = bool(self._get_param("enableECSManagedTags"))
        service.enable_execute_command = bool(self._get_param("enableExecuteCommand"))
        if strategy := self._get_param("capacityProviderStrategy"):
            service.launch_type = None
            service.capacity_provider_strategy = [{"base": 0, "weight": 0, **item} for item in strategy]
        return answer

    EC2ContainerServiceResponse.create_service = created


def patch_optional_members() -> None:
    """Whether tags are in an answer is the affair of its request; moto keeps it for all requests, of all threads."""

    def included(self: BaseResponse, response_key_path: str) -> None:
        _transform(self, response_key_path, lambda value: value)

    def excluded(self: BaseResponse, response_key_path: str) -> None:
        _transform(self, response_key_path, never_return)

    BaseResponse._include_in_response = included
    BaseResponse._exclude_from_response = excluded


def _transform(response: BaseResponse, path: str, transformer: Callable[[Any], Any]) -> None:
    response.RESPONSE_KEY_PATH_TO_TRANSFORMER = {**response.RESPONSE_KEY_PATH_TO_TRANSFORMER, path: transformer}


def patch_object_lock() -> None:
    """A bucket that holds objects may be locked, and its default retention changed or taken back.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html
    """

    def locked(
        self: S3Backend,
        bucket_name: str,
        lock_enabled: bool,
        mode: str | None = None,
        days: int | None = None,
        years: int | None = None,
    ) -> None:
        bucket = self.get_bucket(bucket_name)
        if not bucket.is_versioned:
            raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
        bucket.object_lock_enabled = lock_enabled or bucket.object_lock_enabled
        bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years

    S3Backend.put_object_lock_configuration = locked


def patch_log_group_keys() -> None:
    """A log group gets a key, another one, or none any more, after it was created.

    Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
    """

    def set_key(self: Any, key: str | None) -> str:
        name = self._get_param("logGroupName") or self._get_param("resourceIdentifier").rpartition(":log-group:")[2]
        groups = self.logs_backend.groups
        if name not in groups:
            raise ResourceNotFoundException()
        groups[name].kms_key_id = key
        return "{}"

    LogsResponse.associate_kms_key = lambda self: set_key(self, self._get_param("kmsKeyId"))
    LogsResponse.disassociate_kms_key = lambda self: set_key(self, None)


def patch_delete_markers() -> None:
    """A delete marker can be deleted; moto looks for the content that it has not."""
    FakeDeleteMarker.dispose = lambda self, garbage=False: None


def patch_bucket_policies() -> None:
    """A statement with a condition binds those who meet it; moto would bind everybody, and refuse every request."""

    def get_permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        document = json.loads(self.policy)
        document["Statement"] = [s for s in document["Statement"] if "Condition" not in s]
        return IAMPolicy(json.dumps(document)).is_action_permitted(action, resource)

    FakeBucket.get_permission = get_permission


def patch_delivery() -> None:
    """CodeBuild projects inside a pipeline have no source of their own; CodePipeline answers times as numbers."""

    def unless_in_pipeline(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda part: None if part.get("type") == "CODEPIPELINE" else check(part)

    def times_as_numbers(method: Callable[[Any], str]) -> Callable[[Any], str]:
        def answer(self: Any) -> str:
            body = json.loads(method(self))
            for item in [body.get("metadata") or {}, *body.get("pipelines", [])]:
                for key in ("created", "updated"):
                    if isinstance(item.get(key), str):
                        item[key] = datetime.fromisoformat(item[key].replace("Z", "+00:00")).timestamp()
            return json.dumps(body)

        return answer

    for check in ("_validate_required_params_source", "_validate_required_params_artifacts"):
        setattr(codebuild, check, unless_in_pipeline(getattr(codebuild, check)))
    for method in ("get_pipeline", "list_pipelines"):
        setattr(CodePipelineResponse, method, times_as_numbers(getattr(CodePipelineResponse, method)))


def with_eventbridge_switch(app: Wsgi) -> Wsgi:
    """S3: reading a bucket's notifications says so when its EventBridge switch is on."""
    on = (
        b'<?xml version="1.0" encoding="UTF-8"?><NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<EventBridgeConfiguration/></NotificationConfiguration>"
    )

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asks = environ["REQUEST_METHOD"] == "GET" and environ.get("QUERY_STRING", "").startswith("notification")
        name = environ["PATH_INFO"].strip("/")
        owner = s3_backends.bucket_accounts.get(name) if asks else None
        bucket = s3_backends[owner[1]][owner[0]].buckets.get(name) if owner else None
        configuration = bucket.notification_configuration if bucket else None
        if configuration is None or configuration.event_bridge is None:
            return app(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/xml")])
        return [on]

    return answer


def with_connections(app: Wsgi) -> Wsgi:
    """CodeConnections, which moto has not: a connection made by the API starts PENDING.

    Source: docs/aws-facts.md#connections-start-pending
    """
    connections_by_arn: dict[str, dict[str, Any]] = {}

    def connections(operation: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        arn = body.get("ConnectionArn", "")
        if operation == "CreateConnection":
            arn = f"arn:aws:codestar-connections:us-east-1:{ACCOUNT}:connection/{uuid.uuid4()}"
            connections_by_arn[arn] = {
                "ConnectionName": body["ConnectionName"],
                "ConnectionArn": arn,
                "ConnectionStatus": "PENDING",
                "ProviderType": body.get("ProviderType", "GitHub"),
                "OwnerAccountId": ACCOUNT,
                "Tags": body.get("Tags", []),
            }
            return "200 OK", {"ConnectionArn": arn}
        if operation == "ListTagsForResource":
            return "200 OK", {"Tags": connections_by_arn.get(body.get("ResourceArn", ""), {}).get("Tags", [])}
        if operation == "GetConnection" and arn in connections_by_arn:
            return "200 OK", {"Connection": {k: v for k, v in connections_by_arn[arn].items() if k != "Tags"}}
        if operation == "DeleteConnection" and connections_by_arn.pop(arn, {}):
            return "200 OK", {}
        return "400 Bad Request", {"__type": "ResourceNotFoundException", "Message": f"no connection {arn}"}

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
        if "codestar" not in service.lower() and "codeconnections" not in service.lower():
            return app(environ, start_response)
        body = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
        status, out = connections(operation, body)
        start_response(status, [("Content-Type", "application/x-amz-json-1.0")])
        return [json.dumps(out).encode()]

    return answer


def application(tell: gaps.Tell = lambda source, line: None) -> Wsgi:
    """The whole account as a WSGI application; `tell` takes what it lacks, as a source and a line."""
    patch_step_functions()
    patch_service_linked_roles()
    patch_scalable_targets()
    patch_table_tags()
    patch_delete_markers()
    patch_ecs_services()
    patch_optional_members()
    patch_object_lock()
    patch_bucket_policies()
    patch_delivery()
    patch_log_group_keys()
    dns_firewall.patch()
    moto: Wsgi = gaps.with_clear_gaps(DomainDispatcherApplication(gaps.backend), tell)
    return with_connections(with_eventbridge_switch(moto))


def serve(app: Wsgi) -> None:
    """Serves the account on a free port of this machine until the process is ended; prints the address first."""
    server = make_server(HOST, 0, app, threaded=True)
    print(f"http://{HOST}:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(application())
