"""What a service checks of the customer keys that a state machine or a cluster names.

Sources: docs/aws-facts.md#state-machine-keys and docs/aws-facts.md#fargate-storage-key
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sandbox.permissions.needed import kms
from sandbox.permissions.needed.need import Need

Parameters = Mapping[str, Any]


def of_state_machine(parameters: Parameters, *, region: str, account: str) -> Iterator[Need]:
    """Its role encrypts executions and, where it logs, what is delivered; the delivery decrypts that."""
    encryption, role = parameters.get("encryptionConfiguration") or {}, parameters.get("roleArn")
    key = encryption.get("kmsKeyId")
    if not key or not role:
        return
    name = str(parameters.get("name") or str(parameters.get("stateMachineArn")).rpartition(":")[2])
    machine = f"arn:aws:states:{region}:{account}:stateMachine:{name}"
    logs = f"arn:aws:logs:{region}:{account}:*"
    logging = (parameters.get("loggingConfiguration") or {}).get("level", "OFF") != "OFF"
    uses = [(["Decrypt", "GenerateDataKey"], {"aws:states:stateMachineArn": machine})]
    uses += [(["GenerateDataKey"], {"SourceArn": logs})] if logging else []
    for actions, context in uses:
        why = "the machine's role encrypts its executions and log deliveries"
        needs = kms.use(actions, key, region=region, caller=account, encryption=context, because=why)
        yield from (replace(need, role=role) for need in needs)
    if logging:
        service = "delivery.logs.amazonaws.com"
        why = "the delivery of the machine's log decrypts it"
        context = {"SourceArn": logs}
        yield from kms.use(
            ["Decrypt"], key, region=region, caller=account, service=service, encryption=context, because=why
        )


def of_cluster(parameters: Parameters, *, region: str, account: str) -> Iterator[Need]:
    """Fargate encrypts the tasks' scratch space as itself, and grants each task its use."""
    managed = (parameters.get("configuration") or {}).get("managedStorageConfiguration") or {}
    key = managed.get("fargateEphemeralStorageKmsKeyId")
    if not key:
        return
    name = str(parameters.get("clusterName") or parameters.get("cluster")).rpartition("/")[2]
    context = {"aws:ecs:clusterAccount": account, "aws:ecs:clusterName": name}
    for action, extra in (
        ("GenerateDataKeyWithoutPlaintext", None),
        ("CreateGrant", {"kms:GrantOperations": "Decrypt"}),
    ):
        yield from kms.use(
            [action],
            key,
            region=region,
            caller=account,
            service="fargate.amazonaws.com",
            encryption=context,
            extra=extra,
            because="Fargate encrypts the tasks' scratch space",
        )
