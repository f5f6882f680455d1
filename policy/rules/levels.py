"""Why each rule has the level that it has: what happens when it is broken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXPOSES: Final = "mandatory: somebody reaches, reads or changes what is not theirs"
LOSES: Final = "mandatory: data or the trace of it is lost, or cannot be brought back"
COSTS: Final = "mandatory: it costs without a bound"
REFUSED: Final = "mandatory: AWS refuses it, and the deployment fails half-way"
FAILS: Final = "mandatory: it deploys, and the night fails or nobody hears of it"
UNREVIEWED: Final = "mandatory: nobody has thought about it, so any of the above may happen"
UNDESTROYED: Final = "mandatory: the stack cannot be taken down, or is taken down by mistake"
TASTE: Final = "advisory: a matter of cost or of taste, bounded and harmless while it lasts"
LISTING: Final = "advisory: it says what could not be decided yet, which is no fault of the program"

_BY_REASON: Final[Mapping[str, str]] = {
    EXPOSES: """
        access-properties bucket-and-queue-encryption bucket-blocks-public bucket-tls-only
        grants-accounted-for iam-least-privilege key-rotation-and-principals log-groups-use-cmk
        messages-need-tls no-public-address nothing-reaches-in passrole-scoped references-resolve
        resource-policies-accounted-for role-trusts-its-consumer routes-stay-inside security-group-rules-unmixed
        security-groups-documented task-hardening tasks-reach-endpoints-only trust-is-tied
        iam-policy-version image-reference-pinned ecr-scan-on-push no-foreign-infrastructure""",
    LOSES: "storage-properties messages-properties",
    COSTS: "no-eip-or-nat ecr-lifecycle-policy services-start-empty",
    REFUSED: """
        name-fits-service network-properties order-is-kept statements-are-sound subnet-ranges-are-apart
        tags-are-accepted values-are-accepted log-retention-value-valid fargate-task-shape fargate-no-placement
        grace-period-needs-health-check environment-suffix-in-names""",
    UNDESTROYED: "no-retain-or-protect stores-empty-on-destroy prod-pipeline-has-approval",
    UNREVIEWED: """
        types-accounted-for options-accounted-for exemptions-are-current required-tags creation-time-is-kept
        delivery-properties""",
    TASTE: "autoscaled-service-ignores-count endpoint-cost-budget storage-and-logs-bounded",
    LISTING: "undecided-rules-reported",
}


def reason(rule: str) -> str:
    """Why the rule has its level; what nobody placed elsewhere fails at night."""
    return next((why for why, names in _BY_REASON.items() if rule in names.split()), FAILS)


def listed() -> frozenset[str]:
    """The rules that have a reason of their own here."""
    return frozenset(name for names in _BY_REASON.values() for name in names.split())
