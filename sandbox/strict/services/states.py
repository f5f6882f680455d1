"""What Step Functions demands of state machines and their definitions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.definitions import machine_faults, repeated_names
from sandbox.strict.grammar.state_fields import machine_field_faults, of_express
from sandbox.strict.rules import Rules, of_free_document

_API = "https://docs.aws.amazon.com/step-functions/latest/apireference/"
_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg/"
rules = Rules("stepfunctions")


@rules.add(
    "CreateStateMachine",
    "CreateActivity",
    "StartExecution",
    source=f"{_API}API_CreateStateMachine.html#StepFunctions-CreateStateMachine-request-name",
    code="InvalidName",
)
def name(call: Call, _: Account) -> Iterator[str]:
    r"""A name has 1 to 80 characters: no space, bracket or wildcard, none of `"#%\^|~`$&,;:/`, no control code."""
    text = call.parameters.get("name")
    if text is not None and not re.fullmatch(r"""[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}""", text):
        yield f"Invalid Name: '{text}'"


@rules.add(
    "CreateStateMachine",
    "UpdateStateMachine",
    "ValidateStateMachineDefinition",
    source="https://states-language.net/spec.html",
    code="InvalidDefinition",
)
@of_free_document("Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: a value is of a wrong type'")
def definition(call: Call, _: Account) -> Iterator[str]:
    """A definition is a graph in Amazon States Language: a start, known types, what each type needs, transitions
    that exist, no state out of reach.
    """
    text = call.parameters.get("definition")
    if text is None or call.operation == "ValidateStateMachineDefinition":
        return
    try:
        document = json.loads(text)
    except ValueError as error:
        yield f"Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: {error}'"
        return
    faults = [*machine_faults(document, "", None), *machine_field_faults(document), *repeated_names(document)]
    for fault in [*faults, *(of_express(document) if call.parameters.get("type") == "EXPRESS" else ())]:
        yield f"Invalid State Machine Definition: '{fault}'"


@rules.add(
    "CreateStateMachine",
    "UpdateStateMachine",
    source=f"{_API}API_EncryptionConfiguration.html",
    code="InvalidEncryptionConfiguration",
)
def encryption(call: Call, account: Account) -> Iterator[str]:
    """A key of one's own exists and comes with its type, and so does the time for which a data key is used again."""
    configuration = call.parameters.get("encryptionConfiguration") or {}
    customer_managed = configuration.get("type") == "CUSTOMER_MANAGED_KMS_KEY"
    if customer_managed and not (configuration.get("kmsKeyId") and account.has_key(configuration["kmsKeyId"])):
        yield "Invalid Encryption Configuration: kmsKeyId must name a key that exists and is enabled"
    if (
        configuration
        and not customer_managed
        and (configuration.get("kmsKeyId") or configuration.get("kmsDataKeyReusePeriodSeconds"))
    ):
        yield "Invalid Encryption Configuration: a key and a reuse period are for CUSTOMER_MANAGED_KMS_KEY"


@rules.add(
    "UpdateStateMachine",
    source=f"{_API}API_UpdateStateMachine.html#API_UpdateStateMachine_Errors",
    code="MissingRequiredParameter",
)
def something_to_update(call: Call, _: Account) -> Iterator[str]:
    """An update changes the definition, the role, or the configuration of logs, tracing or encryption."""
    if not set(call.parameters) - {"stateMachineArn", "publish", "versionDescription"}:
        yield "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be given"


@rules.add("ListExecutions", source=f"{_API}API_ListExecutions.html", code="ValidationException")
def whose_executions(call: Call, _: Account) -> Iterator[str]:
    """Executions are listed of a state machine or of a map run."""
    if ("stateMachineArn" in call.parameters) == ("mapRunArn" in call.parameters):
        yield "Must provide exactly one of stateMachineArn and mapRunArn"


@rules.add(
    "CreateStateMachine",
    "UpdateStateMachine",
    source=f"{_API}API_LoggingConfiguration.html",
    code="InvalidLoggingConfiguration",
)
def logging(call: Call, account: Account) -> Iterator[str]:
    """A state machine that logs has one log group, whose ARN ends with `:*`."""
    configuration = call.parameters.get("loggingConfiguration", {})
    destinations = configuration.get("destinations", [])
    if configuration.get("level", "OFF") != "OFF" and len(destinations) != 1:
        yield "Invalid Logging Configuration: Must specify exactly one Log Destination."
    for destination in destinations:
        arn = destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        group = re.fullmatch(r"arn:[^:]+:logs:[^:]+:\d{12}:log-group:([^:]+):\*", arn)
        if group is None or group[1] not in account.backend("logs").groups:
            yield "Invalid Logging Configuration: Log Destination not found."


@rules.add(
    "CreateStateMachine",
    "UpdateStateMachine",
    source=f"{_GUIDE}procedure-create-iam-role.html",
    code="AccessDeniedException",
)
def role(call: Call, account: Account) -> Iterator[str]:
    """The role of a state machine exists and lets Step Functions assume it."""
    arn = call.parameters.get("roleArn")
    if arn and not account.trusts(arn, "states.amazonaws.com"):
        yield (
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume "
            "the provided role."
        )


@rules.add(
    "StartExecution",
    "StartSyncExecution",
    source=f"{_API}API_StartExecution.html#API_StartExecution_Errors",
    code="InvalidExecutionInput",
)
def execution_input(call: Call, _: Account) -> Iterator[str]:
    """An execution's input is JSON."""
    try:
        json.loads(call.parameters.get("input", "{}"))
    except ValueError as error:
        yield f"Invalid State Machine Execution Input: '{error}'"


@rules.add(
    "CreateStateMachine",
    source=f"{_API}API_CreateStateMachine.html#API_CreateStateMachine_Errors",
    code="StateMachineAlreadyExists",
)
def name_taken(call: Call, account: Account) -> Iterator[str]:
    """A name is taken once; only the very same state machine may be created again."""
    for machine in list(account.backend("stepfunctions").state_machines):
        requested = (call.parameters["definition"], call.parameters["roleArn"])
        if machine.name == call.parameters["name"] and (machine.definition, machine.roleArn) != requested:
            yield f"State Machine Already Exists: '{machine.arn}'"


@rules.add(
    "TagResource",
    source="https://docs.aws.amazon.com/step-functions/latest/apireference/API_TagResource.html#API_TagResource_Errors",
    code="ResourceNotFound",
)
def tagged_machine(call: Call, account: Account) -> Iterator[str]:
    """The state machine that is tagged exists."""
    arn = call.parameters["resourceArn"]
    machines = {machine.arn for machine in list(account.backend("stepfunctions").state_machines)}
    if ":stateMachine:" in arn and arn not in machines:
        yield f"Resource not found: '{arn}'"
