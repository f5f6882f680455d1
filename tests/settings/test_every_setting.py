"""`tooling/every_setting.py` has every setting at another value than the default, so that tests with it miss none."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import settings
from batchctl import project as projects
from settings.jobs import DEFAULT_JOBS, Job
from settings.models import Settings
from tests.programs import ROOT, Program, record_with
from tooling.every_setting import EVERY_SETTING

LEFT_AT_DEFAULT = {
    "data.objectLock.mode": "compliance is refused where the stack may be torn down",
    "network.flowLogs": "off needs an exemption from the policy pack",
}
"""Settings that stay as they are, each with the reason."""


def parsed() -> Settings:
    """The stack's settings."""
    config = {**projects.load(ROOT).stack("dev").config, **EVERY_SETTING}
    raw = {key.removeprefix("batch-platform:"): value for key, value in config.items() if key != "aws:region"}
    return settings.parse(raw, stack="dev")


def model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in typing.get_args(annotation) if (model := model_of(part))), None)


def at_default(model: BaseModel, path: str) -> Iterator[str]:
    """Paths of the settings in `model` that are what they would be without a stack file."""
    for name, field in type(model).model_fields.items():
        value, here = getattr(model, name), f"{path}.{field.alias or name}"
        if isinstance(value, BaseModel):
            yield from at_default(value, here)
        elif field.default is not PydanticUndefined and value == field.default:
            yield here


def test_every_setting_is_changed() -> None:
    config = parsed()
    unchanged = {
        path
        for section in Settings.model_fields
        if section != "jobs"
        for path in at_default(getattr(config, section), section)
    }
    assert unchanged == set(LEFT_AT_DEFAULT)


def test_every_setting_of_a_job_is_changed_in_one_of_them() -> None:
    """Each job has some; together they leave none at its default."""
    sets = [{path.partition(".")[2] for path in at_default(job, name)} for name, job in parsed().jobs.items()]
    unchanged = set.intersection(*sets)
    assert unchanged == set()
    assert {field.alias or name for name, field in Job.model_fields.items()} >= {"debug", "queue"}
    assert set(parsed().jobs) > set(DEFAULT_JOBS)


@pytest.fixture(scope="module")
def program() -> Program:
    """The recorded stack."""
    return Program("dev", record_with(dict(EVERY_SETTING)), {})


def test_the_program_takes_it(program: Program) -> None:
    types = {resource.type for resource in program.graph.resources}
    for kind in (
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        "aws:route53/resolverFirewallRule:ResolverFirewallRule",
        "aws:sqs/queue:Queue",
        "aws:scheduler/schedule:Schedule",
        "aws:sns/topicSubscription:TopicSubscription",
    ):
        assert kind in types


def test_every_role_has_the_path_and_the_boundary(program: Program) -> None:
    roles = program.all("aws:iam/role:Role")
    assert len(roles) > 10
    for role in roles:
        assert role.props["path"] == "/batch/", role.name
        assert role.props["permissionsBoundary"].endswith(":policy/platform-boundary"), role.name


def test_the_machine_hands_over_roles_below_their_path(program: Program) -> None:
    run = program.one("aws:iam/rolePolicy:RolePolicy", "nightly-machine-run").props["policy"]
    assert ":role/batch/role-data-ingestion-task-dev" in run
    assert ":role/role-" not in run
