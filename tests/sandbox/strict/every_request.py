"""Every documented request, by service: from AWS's pages, from the sentences of its references, and plain mistakes."""

from __future__ import annotations

from tests.sandbox.strict.documented import (
    Request,
    compute,
    delivery,
    events,
    identity,
    messages,
    network,
    objects,
    scaling,
    states,
    storage,
    tables,
    watching,
)
from tests.sandbox.strict.further import compute as mistakes_of_compute
from tests.sandbox.strict.further import identity as mistakes_of_identity
from tests.sandbox.strict.further import messages as mistakes_of_messages
from tests.sandbox.strict.further import networks, stores, things, workflow
from tests.sandbox.strict.sentences import access_lists, logs, schedules
from tests.sandbox.strict.sentences import delivery as sentences_of_delivery
from tests.sandbox.strict.sentences import objects as sentences_of_objects
from tests.sandbox.strict.sentences import storage as sentences_of_storage
from tests.sandbox.strict.sentences.compute import SENTENCES as SENTENCES_OF_COMPUTE
from tests.sandbox.strict.sentences.services import SENTENCES as SENTENCES_OF_SERVICES

_PAGES: dict[str, list[Request]] = {
    "ec2": network.REQUESTS,
    "iam": identity.REQUESTS_IAM,
    "sts": identity.REQUESTS_STS,
    "kms": identity.REQUESTS_KMS,
    "ecs": compute.REQUESTS,
    "application-autoscaling": scaling.REQUESTS_SCALING,
    "ecr": scaling.REQUESTS_ECR,
    "s3": [*objects.REQUESTS, *storage.REQUESTS],
    "dynamodb": tables.REQUESTS,
    "cloudwatch": watching.REQUESTS,
    "logs": watching.REQUESTS_LOGS,
    "events": events.REQUESTS_EVENTS,
    "scheduler": events.REQUESTS_SCHEDULER,
    "sns": messages.REQUESTS,
    "sqs": messages.REQUESTS_SQS,
    "stepfunctions": states.REQUESTS,
    "codebuild": delivery.REQUESTS_CODEBUILD,
    "codepipeline": delivery.REQUESTS_CODEPIPELINE,
}
_SENTENCES: dict[str, list[Request]] = {
    "s3": [*sentences_of_storage.BUCKETS, *access_lists.LISTS, *sentences_of_objects.OBJECTS],
    "logs": logs.LOGS,
    "scheduler": schedules.SCHEDULES,
    "codebuild": sentences_of_delivery.PROJECTS,
    "codepipeline": sentences_of_delivery.PIPELINES,
}
_MISTAKES = (networks, mistakes_of_identity, mistakes_of_compute, stores, mistakes_of_messages, workflow, things)
_ALL = (
    _PAGES,
    SENTENCES_OF_COMPUTE,
    SENTENCES_OF_SERVICES,
    _SENTENCES,
    *(part.REQUESTS for part in _MISTAKES),
)
_ENDS = ("Delete", "Deregister", "Remove")
"""What takes away things of the account comes last."""
REQUESTS: dict[str, list[Request]] = {
    service: sorted(
        (request for part in _ALL for request in part.get(service, [])),
        key=lambda request: request.operation.startswith(_ENDS),
    )
    for service in dict.fromkeys(name for part in _ALL for name in part)
}
