"""docs/sandbox/strictness.md: what is strict and from where, written from the table.

`python -m sandbox.strict.document > docs/sandbox/strictness.md`
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.strict.grammar.patterns import UNUSABLE
from sandbox.strict.table import RULES

_HEAD = """# What the sandbox account refuses

Written by `python -m sandbox.strict.document`; a test holds that it is current.

A request is refused before it reaches the account when AWS would refuse it, in the words of its protocol and with the
code of its service. The answer's header `x-sandbox-refused-by` names the rule: `model`, or a name from the table below.

## From AWS's own models
Every request to every service is parsed by the service model that botocore ships, and held against it all the way
down: required members, types, enumerations, lengths, ranges, patterns and unions. botocore itself checks only required
members, types and least lengths before it sends, and other clients check what they like. A pattern is written for Java:
without an anchor it must match the whole value, and `\\w`, `\\d` and `\\s` are ASCII.

These patterns cannot be used, and nothing is held against them:

| pattern | why |
|---|---|"""

_TABLE = """
## From AWS's documentation
What AWS documents and its models do not say. Where a rule asks what exists, it asks the account's own state.

| rule | demand | on | error code | source |
|---|---|---|---|---|"""

_FOOT = """
## From CloudFormation's schemas
cfn-lint ships AWS's schema of each type of resource, with what its maintainers added.
`tests/sandbox/strict/test_cloudformation.py` breaks every constraint of a property that is a member of a request, in a
request that is otherwise fine, for the types that the platform and its delivery consist of: more than a thousand broken
requests. Each is refused, or stands in that file with the reason why the API takes what CloudFormation does not. What
the account took until this was tried is in `sandbox/strict/properties.py`.

## What was looked up
The text of the API references comes with botocore's models. Its sentences with "must", "cannot", "up to", "between",
"valid values" and the like were read for the operations that the platform and its delivery call: wholly of IAM, ECR,
Step Functions, DynamoDB, Application Auto Scaling, S3, Scheduler, CloudWatch Logs, CodeBuild and CodePipeline, in part
of EC2, ECS, SNS, SQS, EventBridge, CloudWatch and KMS. More than two hundred and forty of them were about requests that
the account took until then, and are held now. Plausible mistakes over all services were added to them, Parameter
Store, Secrets Manager and Budgets among them.
Not every sentence is held: what is about regions, stores, licences, hardware and kinds of buckets that the platform
does not use is left out.

## What a review by requests found
Malformed requests and fine ones were written from AWS's pages before the rules were read, for 18 services and four
more in passing, and sent over HTTP. Eight malformed ones and a fine one were taken back, because AWS's pages do not
say that they are refused (or taken), or because they could not be sent. Before, 578 of 672 malformed requests were
refused with a code that AWS documents and 83 of 85 fine ones taken; after the rules were added, 667 of 672 and 84 of
85: of the same requests, so another review will find other gaps. What the account took is among the seeds now. It was
least strict where the platform has little or nothing: Parameter Store, Secrets Manager, DNS Firewall, GuardDuty,
Budgets. What is left: the quota of VPCs, a queue's name within a minute of
its deletion, a trust policy at AssumeRole without `--permissions`, and composite alarms, which the account does not
have.

## What is not refused
- Quotas that a stack does not meet, such as five VPCs, and eventual consistency: a role is there as soon as it was
  made, and a queue's name is free as soon as the queue is deleted (SQS wants a minute in between).
- A trust policy's principals and conditions at AssumeRole, unless the account runs with `--permissions`.
- An event pattern is held to its grammar, not to the number of its wildcards; a state machine to what `definition`
  says, not to the types of its paths.
- A log group's class is not kept, so a filter is taken for a group of infrequent access, which AWS refuses.
- A service principal is held against the names of AWS's endpoints; one that only AWS's own pages name may be refused.
  Then add it to `sandbox/strict/grammar/principals.py`.
- `cloudwatch.action_targets` is stricter than AWS, which takes an alarm for a topic that does not exist and fails only
  when the alarm is to be sent.
- Permissions: a request that is well-formed and not allowed is refused by `sandbox/permissions/`, not here.

Each rule has a request that it refuses beside one that it takes, in the folders of `tests/sandbox/strict/`, one for a
subject: its seeds are written for a rule, its requests from AWS's pages without looking at the rules.
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def lines() -> Iterator[str]:
    """The page, block by block."""
    yield _HEAD
    for pattern, reason in UNUSABLE.items():
        yield f"| `{_cell(pattern)}` | {reason} |"
    yield _TABLE
    for rule in sorted(RULES, key=lambda rule: rule.name):
        operations = ", ".join(rule.operations) or "every operation that tags"
        yield f"| `{rule.name}` | {_cell(rule.demand)} | {operations} | `{rule.code}` | {rule.source} |"
    yield _FOOT


def text() -> str:
    """The whole page."""
    return "\n".join(lines())


if __name__ == "__main__":
    print(text(), end="")
