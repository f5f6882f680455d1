"""Changes that no rule needs to refuse, by type, property and kind, each with the reason."""

from __future__ import annotations

from fnmatch import translate
from functools import cache
from re import Pattern, compile
from typing import TYPE_CHECKING, Final

from .harmless_amounts import AMOUNTS

if TYPE_CHECKING:
    from .generator import Generated

Entry = tuple[str, str, str, str]

_PEOPLE: Final = "a text for people: it changes nothing that runs"
_LABEL: Final = "a label within the document: IAM compares no Sids"
_CHOICE: Final = "within what AWS takes and the settings allow: how much is the team's choice"
_DEFAULT: Final = "AWS's own default is the same value"
_NAME: Final = "a physical name of the right form that nothing else names; the engine replaces the resource"
_SHOWS: Final = "the dashboard shows, and changes nothing"
_ORDER: Final = "AWS keeps the list as a set"
_EXPRESSION: Final = (
    "what an expression computes is shown by running the machine (tests/workflow), which a rule over its text cannot"
)

_TEXTS: Final[tuple[Entry, ...]] = (
    ("*", "tags.*", "deleted/", "which tags must be there says requiredTags; the other tags inform"),
    ("*", "tags.*", "neighbour/*", "what a tag says is the team's; its characters are judged (tags-are-accepted)"),
    ("*", "description", "*", _PEOPLE),
    ("*", "alarmDescription", "neighbour/*", _PEOPLE),
    ("*", "alarmDescription", "sibling/*", _PEOPLE),
    ("Topic", "displayName", "added/*", _PEOPLE),
    ("*", "metricQueries[[]].label", "*", _PEOPLE),
    ("*", "*.Sid", "*", _LABEL),
    ("*", "*.Comment", "*", _PEOPLE),
    ("*", "policy{}.rules[[]].description", "*", _PEOPLE),
    ("Dashboard", "dashboardBody{}*", "*", _SHOWS),
    ("Dashboard", "", "companion/*", _SHOWS),
    ("*", "name", "neighbour/misspelt", _NAME),
    ("*", "*Name", "neighbour/misspelt", _NAME),
    ("Bucket", "bucket", "neighbour/misspelt", _NAME),
    ("RolePolicy", "name", "*", "the name of a policy within its role: nothing refers to it"),
    ("EventTarget", "targetId", "*", "the name of a target within its rule: nothing refers to it"),
    ("BucketLifecycleConfiguration", "rules[[]].id", "*", "the name of a rule within its bucket: nothing refers to it"),
    ("StateMachine", "definition{}*.Label", "*", "the name of a map's runs, which people read"),
    (
        "StateMachine",
        "definition{}*.Error",
        "*",
        "the name of an error that a state raises; who catches it by name is judged",
    ),
    ("StateMachine", "definition{}*.Cause", "*", _PEOPLE),
)

_WIRING: Final[tuple[Entry, ...]] = (
    *(
        (
            "Policy",
            name,
            "edge/*",
            "the text stays the same, and two other properties lead to the target, so the order stays, too",
        )
        for name in ("resourceId", "scalableDimension", "serviceNamespace")
    ),
    (
        "SecurityGroupEgressRule",
        "prefixListId",
        "neighbour/misspelt",
        "an id of the right form: which one S3 has is known to EC2 alone, whom the program asks by the list's name",
    ),
    (
        "TaskDefinition",
        "containerDefinitions{}[[]].image",
        "neighbour/misspelt",
        "which tag or digest runs is what a release decides; whether it is there, ECR is asked (batchctl doctor)",
    ),
    (
        "VpcEndpoint",
        "subnetIds[]",
        "*",
        "in which zones an endpoint stands is a matter of cost (network.endpointZones): every subnet of the network "
        "reaches it; that it stands in some, and in each once, is judged",
    ),
    ("LifecyclePolicy", "protect", "option/", "what belongs to a protected repository may be protected as well"),
    ("Key", "protect", "option/", "a key waits for days before it goes, and is brought back until then"),
    (
        "Bucket*",
        "protect",
        "option/",
        "in a guarded stack, what belongs to a protected bucket may be protected as well",
    ),
)

_POLICIES: Final[tuple[Entry, ...]] = (
    ("*", "*.Condition.*[[]]", "deleted/*", "one value less where others stay takes away; what must stay is judged"),
    ("*", "policy{}.Statement[[]].Action", "neighbour/widened", "a Deny of more refuses more"),
    ("*", "policy{}.Statement[[]].Resource", "neighbour/widened", "a Deny of more refuses more"),
    ("BucketPolicy", "policy{}.Statement[[]].Resource[[]]", "neighbour/widened", "a Deny of more refuses more"),
    *(
        (
            "RolePolicy",
            "policy{}.Statement[[]].Resource[[]]",
            f"deleted/{arn}",
            "AWS names a group by its ARN with :*, and the executions of a map by that of the machine with :*; beside "
            "these, which are judged, the other spelling grants nothing that is needed",
        )
        for arn in ("arn:*:log-group:*[!*]", "arn:*:execution:*/[*]")
    ),
    (
        "VpcEndpoint *-ecr-dkr",
        "policy{}.Statement[[]]",
        "deleted/*",
        "tokens for the registry come through ecr.api, where the statement is judged, and not through ecr.dkr",
    ),
    (
        "RolePolicy",
        "policy{}.Statement[[]].Condition.StringLike.s3:prefix*",
        "*",
        "which prefixes a job lists is the team's choice",
    ),
    (
        "RolePolicy",
        "policy{}.Statement[[]].Resource*",
        "neighbour/misspelt",
        "another prefix of the same bucket is the team's choice",
    ),
    ("EventRule", "eventPattern{}.detail.object*", "*", "which key starts a run is the team's choice"),
)

_MACHINE: Final[tuple[Entry, ...]] = (
    ("StateMachine", "definition{}*.Output*", "*", _EXPRESSION),
    ("StateMachine", "definition{}*.ItemSelector*", "*", _EXPRESSION),
    (
        "StateMachine",
        "definition{}*.Arguments.*",
        "neighbour/*",
        "what is written into the ledger or a message is shown by tests/workflow",
    ),
    (
        "StateMachine",
        "definition{}*.Arguments.Bucket",
        "sibling/*",
        "which bucket a call reads is shown by tests/workflow",
    ),
    ("StateMachine", "definition{}*.Expression*", "*", _EXPRESSION),
    (
        "StateMachine",
        "definition{}*.Catch*",
        "deleted/*",
        "what is not caught fails the execution, of which the ExecutionsFailed alarm tells",
    ),
    ("StateMachine", "definition{}*.Choices[[]]", "deleted/*", "which way a run takes is shown by tests/workflow"),
    ("StateMachine", "definition{}*.Next", "sibling/*", "which way a run takes is shown by tests/workflow"),
    ("StateMachine", "definition{}*.Default", "*", "which way a run takes is shown by tests/workflow"),
    (
        "StateMachine",
        "definition{}*.ErrorEquals[[]]",
        "deleted/*",
        "one error less is retried or caught; the general ones must be (failures-are-handled)",
    ),
    (
        "StateMachine",
        "definition{}*.Retry[[]]",
        "deleted/*",
        "one retrier less; each call must keep one (failures-are-handled)",
    ),
    ("StateMachine", "definition{}*.Retry[[]].*", "neighbour/*", _CHOICE),
    (
        "StateMachine",
        "definition{}*.Retry[[]].JitterStrategy",
        "deleted/*",
        "only spreads the attempts of parallel tasks",
    ),
    ("StateMachine", "definition{}*.Retry[[]].MaxAttempts", "deleted/*", "Step Functions' own default is 3"),
    ("StateMachine", "definition{}*.TimeoutSeconds", "neighbour/*", _CHOICE),
    ("StateMachine", "definition{}*.Seconds", "neighbour/*", _CHOICE),
    ("StateMachine", "definition{}*.MaxConcurrency", "neighbour/*", _CHOICE),
    ("StateMachine", "definition{}*.MaxItemsPerBatch", "neighbour/*", _CHOICE),
    ("StateMachine", "definition{}*.ToleratedFailurePercentage", "neighbour/*", _CHOICE),
    ("StateMachine", "definition{}*.ProcessorConfig", "deleted/*", "INLINE is the default"),
    ("StateMachine", "definition{}*.ProcessorConfig.Mode", "deleted/*", "INLINE is the default"),
)

_ORDER_OF_DATA: Final[tuple[Entry, ...]] = (
    (
        "Service",
        "dependsOn",
        "order/*",
        "a service starts with no task (services-start-empty); its execution role is judged",
    ),
)

HARMLESS: Final[tuple[Entry, ...]] = (*_TEXTS, *_WIRING, *AMOUNTS, *_POLICIES, *_MACHINE, *_ORDER_OF_DATA)
"""Type (its part after the colon, also with the resource's name), property, kind with the slip after a slash, reason.

All but the reason are globs.
"""

_DEFINITION: Final = (
    "which calls a machine makes is known with its definition: at a first preview, where that is unknown, the rule is "
    "undecided and says so"
)
_OTHER_DOCUMENT: Final = (
    "the role has another document, which is unknown until its key exists: what is not granted here may be granted "
    "there, so at a first preview the rule is undecided and says so"
)
UNTIL_KNOWN: Final[tuple[Entry, ...]] = (
    ("RolePolicy *-run", "policy{}.Statement*", "deleted/*", _DEFINITION),
    ("RolePolicy *-run", "policy{}.Statement*", "sibling/*", _DEFINITION),
    ("RolePolicy *-run", "", "companion/", _DEFINITION),
    ("RolePolicy", "policy{}.Statement[[]].Action[[]]", "deleted/*", _DEFINITION),
    ("RolePolicy *-schedules-policy", "policy{}.Statement*", "deleted/*", _OTHER_DOCUMENT),
    ("RolePolicy *-policy", "", "companion/", _OTHER_DOCUMENT),
    ("RolePolicy *-policy", "role", "sibling/*", _OTHER_DOCUMENT),
)
"""As `HARMLESS`, and only for a first preview, in which values are unknown; `score` kills each with values known."""


@cache
def _compiled(until_known: bool) -> tuple[tuple[Pattern[str], Pattern[str], Pattern[str], str], ...]:
    entries = UNTIL_KNOWN if until_known else HARMLESS
    return tuple((compile(translate(t)), compile(translate(p)), compile(translate(k)), why) for t, p, k, why in entries)


def reason(mutant: Generated, *, until_known: bool = False) -> str | None:
    """Why nobody needs to notice the mutant, or not before values are known; None if somebody must."""
    kind, type_ = f"{mutant.kind}/{mutant.slip}", mutant.type.rpartition(":")[2]
    for types, path, kinds, why in _compiled(until_known):
        is_of_type = types.match(type_) or types.match(f"{type_} {mutant.resource}")
        if is_of_type and path.match(mutant.path) and kinds.match(kind):
            return why
    return None
