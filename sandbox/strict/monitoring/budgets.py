"""What Budgets demands of budgets, their notifications and subscribers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API: Final = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/"
_MOST_EMAILS: Final = 10
_NO_COST_TYPES: Final = (
    *("USAGE", "RI_UTILIZATION", "RI_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "SAVINGS_PLANS_COVERAGE"),
)

rules = Rules("budgets")


@rules.add(
    "CreateBudget",
    "UpdateBudget",
    source=f"{_API}API_budgets_Budget.html",
    code="InvalidParameterException",
)
def budget(call: Call, _: Account) -> Iterator[str]:
    """A budget starts before it ends; costs have types; it has one set of limits and one set of filters."""
    parameters: Mapping[str, Any] = call.parameters.get("Budget") or call.parameters.get("NewBudget") or {}
    period = parameters.get("TimePeriod", {})
    if period.get("Start") is not None and period.get("End") is not None and period["Start"] >= period["End"]:
        yield "Start time should be before end time."
    if parameters.get("CostTypes") and parameters["BudgetType"] in _NO_COST_TYPES:
        yield f"CostTypes should be null for budgets of the type {parameters['BudgetType']}."
    if parameters.get("BudgetLimit") and parameters.get("PlannedBudgetLimits"):
        yield "Only one of BudgetLimit and PlannedBudgetLimits can be present."
    older = parameters.get("CostFilters") or parameters.get("CostTypes")
    if older and (parameters.get("FilterExpression") or parameters.get("Metrics")):
        yield "Either FilterExpression and Metrics or CostFilters and CostTypes can be present, not both."


@rules.add(
    "CreateBudget",
    "CreateNotification",
    "CreateSubscriber",
    source=f"{_API}API_budgets_Subscriber.html",
    code="InvalidParameterException",
)
def subscribers(call: Call, _: Account) -> Iterator[str]:
    """A notification has at most one topic, by its ARN, and 10 e-mail addresses."""
    groups: list[Sequence[Mapping[str, str]]] = [
        item["Subscribers"] for item in call.parameters.get("NotificationsWithSubscribers", [])
    ]
    one = [call.parameters["Subscriber"]] if "Subscriber" in call.parameters else []
    for group in [*groups, call.parameters.get("Subscribers", []), one]:
        topics = [item["Address"] for item in group if item["SubscriptionType"] == "SNS"]
        emails = [item["Address"] for item in group if item["SubscriptionType"] == "EMAIL"]
        if len(topics) > 1 or len(emails) > _MOST_EMAILS:
            yield "A notification can have one SNS subscriber and up to 10 email subscribers."
        for address in emails:
            if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
                yield f"Invalid email address: {address}"
        for arn in topics:
            if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+", arn):
                yield f"Invalid SNS topic ARN: {arn}"
