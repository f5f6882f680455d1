"""*Apart*: dev's roles against all of prod, a job against other jobs' data, a foreign account against everything.

What is tried is not chosen here: every action that AWS's reference has for each resource that prod's state lists.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import pytest

from sandbox.permissions.needed import ec2
from tests.sandbox.permissions.stacks import arns, expected
from tests.sandbox.permissions.stacks.expected import listed
from tests.sandbox.permissions.stacks.life import Life, role_arn
from tests.sandbox.permissions.stacks.night import READS, WRITES, Night

pytestmark = pytest.mark.engine

FOREIGN = "arn:aws:iam::210987654321:root"
PIPELINE = tuple(f"role-{step}-dev-tooling" for step in ("preview", "up", "verify", "rescan"))
_PASSED = ("ecs-tasks.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com")
_VIA = ("s3", "dynamodb", "ecr", "sns", "sqs")

Question = Mapping[str, Any]


def contexts(action: str) -> Iterator[dict[str, Any]]:
    """What a caller may choose to send with the action: tags of its own, whom a role is for, through which service."""
    yield {}
    yield {"aws:RequestTag/Environment": "dev", "aws:TagKeys": ["Environment"]}
    if action == "iam:PassRole":
        yield from ({"iam:PassedToService": service} for service in _PASSED)
    if action.startswith("kms:"):
        yield from ({"kms:ViaService": f"{service}.us-east-1.amazonaws.com"} for service in _VIA)


def attempts(principals: Iterable[str], targets: Iterable[str], life: Life) -> list[Question]:
    """Every action on every target by every principal, but those that no statement of the principal names."""
    questions: list[Question] = []
    for principal in principals:
        name = principal.rpartition("/")[2]
        named = allowed_actions(life, name) if name in life.policies else ["*"]
        for resource in sorted(targets):
            for action in arns.actions(resource):
                if _makes(action, resource):
                    continue
                if any(fnmatchcase(action.lower(), pattern) for pattern in named):
                    for context in contexts(action):
                        questions.append(
                            {"principal": principal, "action": action, "resource": resource, "context": context}
                        )
    return questions


def _makes(action: str, resource: str) -> bool:
    """Whether the action makes such a thing, and so acts on none that is there already."""
    name, kind = action.partition(":")[2], resource.split(":")[5].partition("/")[0]
    authorizes = name.startswith("AuthorizeSecurityGroup") and kind == "security-group-rule"
    return authorizes or ec2.CREATED.get(name) == kind


def allowed_actions(life: Life, role: str) -> list[str]:
    """The actions that the role's policies name, in lower case."""
    statements = [s for document in life.policies[role] for s in document["Statement"] if s["Effect"] == "Allow"]
    actions = [s["Action"] if isinstance(s["Action"], list) else [s["Action"]] for s in statements]
    return sorted({action.lower() for listed in actions for action in listed})


def reached(life: Life, questions: Sequence[Question]) -> dict[tuple[str, str, str], str]:
    """Role, action and resource of what is allowed, with the deciding statement."""
    answers = life.ask(questions)
    unanswered = {answer["message"] for answer in answers if "cannot be evaluated here" in answer["message"]}
    assert not unanswered, "a question without an answer is no denial"
    return {
        (str(q["principal"]).rpartition("/")[2], q["action"], q["resource"]): "; ".join(a["statements"])
        for q, a in zip(questions, answers, strict=True)
        if a["allowed"]
    }


@functools.cache
def _reached_prod(life_id: int) -> dict[tuple[str, str, str], str]:
    life = _LIVES[life_id]
    of_dev = [name for name in life.policies if name.endswith("-dev")]
    principals = [role_arn(name) for name in (*PIPELINE, *sorted(of_dev))]
    return reached(life, attempts(principals, arns.of_state(life.resources["prod"], "prod"), life))


_LIVES: dict[int, Life] = {}


@pytest.fixture
def reached_prod(life: Life) -> dict[tuple[str, str, str], str]:
    """What dev's roles reach of prod."""
    _LIVES[id(life)] = life
    return _reached_prod(id(life))


class TestDevAgainstProd:
    def test_prod_has_things_to_reach(self, life: Life) -> None:
        targets = arns.of_state(life.resources["prod"], "prod")
        assert len({target.split(":")[2] for target in targets}) >= 12 and len(targets) > 100

    def test_the_roles_of_prod_reach_it(self, life: Life) -> None:
        """The questions are real ones: the same, asked by prod's own deploy role, are answered with yes."""
        targets = arns.of_state(life.resources["prod"], "prod")
        reached_by_prod = reached(life, attempts([role_arn("role-up-prod-tooling")], targets, life))
        assert len(reached_by_prod) > 300

    def test_nothing_else_of_prod_is_reached(self, reached_prod: dict[tuple[str, str, str], str]) -> None:
        new = {key: why for key, why in reached_prod.items() if not listed(key, expected.REACHED)}
        assert not new, "\n".join(f"{r} may {a} on {on}: {why}" for (r, a, on), why in sorted(new.items()))

    def test_what_is_listed_as_reached_still_is(self, reached_prod: dict[tuple[str, str, str], str]) -> None:
        happened = {entry for key in reached_prod for entry in listed(key, expected.REACHED)}
        assert set(expected.REACHED) <= happened, "these are denied by now: take them out of expected.py"

    def test_what_changes_and_has_no_resource_has_its_reason(self, life: Life) -> None:
        """An action that takes no resource reaches every stack, whatever its statement says."""
        services = ("application-autoscaling", "cloudwatch", "dynamodb", "ec2", "ecr", "ecs", "events", "iam", "kms")
        wide: set[tuple[str, str]] = set()
        for service in (*services, "logs", "s3", "scheduler", "sns", "sqs", "states", "sts"):
            changing = [a for a, level in arns.without_resource(service) if "Read" not in level and "List" not in level]
            for name in PIPELINE:
                questions = [
                    {"principal": role_arn(name), "action": a, "resource": "*", "context": c}
                    for a in changing
                    for c in contexts(a)
                ]
                wide |= {(role, action) for role, action, _ in reached(life, questions)}
        new = {key for key in wide if not listed(key, expected.ACCOUNT_WIDE)}
        assert not new
        happened = {entry for key in wide for entry in listed(key, expected.ACCOUNT_WIDE)}
        assert set(expected.ACCOUNT_WIDE) <= happened, "these are denied by now: take them out of expected.py"


class TestForeignAccount:
    def test_it_reaches_nothing(self, life: Life) -> None:
        targets = arns.of_state(life.resources["dev"], "dev") | arns.of_state(life.resources["prod"], "prod")
        questions = attempts([FOREIGN], targets, life)
        assert len(questions) > 5_000
        assert not reached(life, questions)


class TestJobs:
    def test_a_job_reads_and_writes_its_own_folders_and_no_other(self, life: Life) -> None:
        folders = ("incoming", "quarantine", "shards", "results", "reports", "maps", "elsewhere")
        places = [f"{bucket}:{folder}" for bucket in ("audit", "input", "output") for folder in folders]
        every = {Night(stack).key(location) for location in places for stack in ("dev", "prod")}
        for job in READS:
            tasks = [role_arn(f"role-{job}-task-dev")]
            allowed = {resource for _, _, resource in reached(life, attempts(tasks, every, life))}
            assert allowed == {Night("dev").key(location) for location in (*READS[job], *WRITES[job])}

    def test_a_job_reaches_nothing_that_is_named_after_another(self, life: Life) -> None:
        of_dev = arns.of_state(life.resources["dev"], "dev")
        for job in READS:
            others = {arn for arn in of_dev if any(other in arn for other in READS if other != job)}
            assert len(others) > 10
            roles = [role_arn(f"role-{job}-{kind}-dev") for kind in ("execution", "task")]
            assert not reached(life, attempts(roles, others, life))
