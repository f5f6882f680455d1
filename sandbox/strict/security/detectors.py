"""What GuardDuty demands of detectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API: Final = "https://docs.aws.amazon.com/guardduty/latest/APIReference/"
_RUNTIME: Final = ("RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING")

rules = Rules("guardduty")


@rules.add("CreateDetector", source=f"{_API}API_CreateDetector.html", code="BadRequestException")
def one_detector(call: Call, account: Account) -> Iterator[str]:
    """An account has one detector in a region."""
    if account.backend("guardduty").detectors:
        yield "The request is rejected because a detector already exists for the current account."


@rules.add("CreateDetector", "UpdateDetector", source=f"{_API}API_UpdateDetector.html", code="BadRequestException")
def detector_features(call: Call, _: Account) -> Iterator[str]:
    """Features are named or data sources are, not both; runtimes are monitored by one feature, and only such a one
    has agents to manage.
    """
    features = call.parameters.get("Features", [])
    if features and call.parameters.get("DataSources"):
        yield "The request is rejected because both dataSources and features were provided."
    if len([item for item in features if item.get("Name") in _RUNTIME]) > 1:
        yield "The request is rejected because only one of EKS_RUNTIME_MONITORING and RUNTIME_MONITORING can be set."
    for item in features:
        if item.get("AdditionalConfiguration") and item.get("Name") not in _RUNTIME:
            yield f"The request is rejected because {item.get('Name')} has no additional configuration."
