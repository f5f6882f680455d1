"""A bad setting is refused with its field, its value, a valid example and the way out; all of them at once."""

from __future__ import annotations

from typing import Any

import pytest

import settings
from batchctl import project as projects
from batchctl.errors import OperatorError
from batchctl.program import recorded
from tests.programs import ROOT


def problems(raw: dict[str, Any]) -> dict[str, settings.Problem]:
    """The problems that `raw` is refused with, by path."""
    with pytest.raises(settings.SettingsError) as refused:
        settings.parse(raw, stack="dev")
    return {problem.path: problem for problem in refused.value.problems}


def test_defaults_are_the_three_jobs() -> None:
    config = settings.parse({}, stack="dev")
    assert config.platform.environment == "dev"
    sizes = {name: (job.cpu, job.memory, job.scaling.max_tasks) for name, job in config.jobs.items()}
    assert sizes == {
        "data-ingestion": (1024, 2048, 10),
        "risk-calculation": (2048, 4096, 20),
        "report-generation": (512, 1024, 5),
    }
    assert config.workflow.order == ("data-ingestion", "risk-calculation", "report-generation")


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_committed_stacks_load(stack: str) -> None:
    config_of_file = projects.load(ROOT).stack(stack).config
    raw = {key.removeprefix("batch-platform:"): value for key, value in config_of_file.items() if key != "aws:region"}
    config = settings.parse(raw, stack=stack)
    assert str(config.network.cidr) == {"dev": "10.0.0.0/16", "prod": "10.1.0.0/16"}[stack]
    assert config.network.endpoint_zones == {"dev": 1, "prod": 3}[stack]


def test_adding_a_job_is_one_entry() -> None:
    config = settings.parse({"jobs": {"stress-test": {"cpu": 256, "memory": 512}}}, stack="dev")
    assert list(config.jobs) == ["data-ingestion", "risk-calculation", "report-generation", "stress-test"]


def test_an_entry_is_merged_over_the_default_and_null_removes_it() -> None:
    raw = {
        "jobs": {"risk-calculation": {"memory": 8192}, "report-generation": None},
        "workflow": {"order": ["data-ingestion", "risk-calculation"]},
    }
    config = settings.parse(raw, stack="dev")
    assert (config.jobs["risk-calculation"].cpu, config.jobs["risk-calculation"].memory) == (2048, 8192)
    assert "report-generation" not in config.jobs


@pytest.mark.parametrize(
    ("order", "writer"),
    [
        (["data-ingestion", "report-generation"], "risk-calculation"),
        (["data-ingestion", "report-generation", "risk-calculation"], "risk-calculation"),
    ],
)
def test_a_job_comes_after_those_whose_results_it_reads(order: list[str], writer: str) -> None:
    problem = problems({"workflow": {"order": order}})["workflow.order"]
    assert problem.reason == f"report-generation reads results/, which {writer} writes, but not before it"
    assert problem.fix == f"put {writer} before report-generation, or take report-generation out"


def test_a_key_with_dots_is_one_setting() -> None:
    """As `pulumi config set` without `--path` and the prompts of `pulumi new` write it."""
    raw = {
        "network": {"cidr": "10.0.0.0/16", "endpointZones": 2},
        "network.cidr": "10.7.0.0/16",
        "workflow.deadline.timezone": "Europe/London",
        "workflow.start.prefix": "incoming/",
    }
    config = settings.parse(raw, stack="dev")
    assert (str(config.network.cidr), config.network.endpoint_zones) == ("10.7.0.0/16", 2)
    assert config.workflow.deadline.timezone == "Europe/London"


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({"network.cidr": "10.0.0.0/29"}, "network.cidr"),
        ({"network.cdir": "10.0.0.0/16"}, "network.cdir"),
        ({"netwrok.cidr": "10.0.0.0/16"}, "netwrok"),
        ({"jobs.risk-calculation.cpu": 300}, "jobs.risk-calculation.cpu"),
    ],
)
def test_a_key_with_dots_is_refused_like_any_other(raw: dict[str, Any], path: str) -> None:
    assert list(problems(raw)) == [path]


@pytest.mark.parametrize(
    ("raw", "path", "value", "says", "example"),
    [
        ({"jobs": {"risk-calculation": {"cpu": 300}}}, "jobs.risk-calculation.cpu", 300, "256, 512", "cpu: 1024"),
        (
            {"jobs": {"risk-calculation": {"memory": 5000}}},
            "jobs.risk-calculation.memory",
            5000,
            "cpu 2048",
            "memory: 5120",
        ),
        ({"network": {"cidr": "10.0.0.0/29"}}, "network.cidr", "10.0.0.0/29", "/16 and /28", "cidr: 10.0.0.0/16"),
        (
            {"network": {"cidr": "10.0.0.0/27", "zones": 3}},
            "network.cidr",
            "10.0.0.0/27",
            "cannot hold 3",
            "10.0.0.0/16",
        ),
        (
            {"network": {"subnets": ["10.0.0.0/20", "10.0.0.0/24", "10.0.32.0/20"]}},
            "network.subnets",
            ["10.0.0.0/20", "10.0.0.0/24", "10.0.32.0/20"],
            "overlaps",
            "10.0.0.0/20",
        ),
        ({"network": {"endpointZones": 4}}, "network.endpointZones", 4, "more than zones", "endpointZones: 3"),
        ({"network": {"zonez": 3}}, "network.zonez", 3, "no such setting", "zones"),
        ({"netwerk": {}}, "netwerk", {}, "no such section", "network"),
        ({"network": {"extraEndpoints": ["s4"]}}, "network.extraEndpoints[0]", "s4", "'sqs'", "secretsmanager"),
        ({"workflow": {"order": ["nope"]}}, "workflow.order[0]", "nope", "no such job", "data-ingestion"),
        (
            {"jobs": {"risk-calculation": {"fanOut": {"concurrency": 4}}}},
            "jobs.risk-calculation.fanOut.concurrency",
            4,
            "fargateVcpuQuota (6 vCPU)",
            "concurrency: 3",
        ),
        ({"jobs": {"Risk_Calc": {"cpu": 256, "memory": 512}}}, "jobs.Risk_Calc", "Risk_Calc", "hyphens", "risk"),
        ({"platform": {"environment": "Dev-1"}}, "platform.environment", "Dev-1", "pattern", "environment: dev"),
        (
            {"workflow": {"deadline": {"timezone": "Mars/Base"}}},
            "workflow.deadline.timezone",
            "Mars/Base",
            "no such time zone",
            "America/New_York",
        ),
        (
            {"workflow": {"deadline": {"warn": "09:20"}}},
            "workflow.deadline.warn",
            "09:20",
            "follow each other",
            "08:30",
        ),
        ({"jobs": 3}, "jobs", 3, "mapping", "jobs:"),
    ],
)
def test_refusals(raw: dict[str, Any], path: str, value: Any, says: str, example: str) -> None:
    refused = problems(raw)
    assert path in refused, sorted(refused)
    problem = refused[path]
    assert problem.value == value
    assert says in problem.reason
    assert example in problem.example
    text = "\n".join(problem.lines("dev"))
    assert path in text and "valid:" in text and "to fix:" in text


def test_every_problem_is_reported_at_once() -> None:
    refused = problems(
        {
            "nonsense": 1,
            "network": {"zones": 99},
            "jobs": {"risk-calculation": {"cpu": 300}, "data-ingestion": {"timeout": 1}},
            "workflow": {"order": ["data-ingestion", "nope"]},
            "alerts": {"emails": ["not-an-address"]},
        }
    )
    assert set(refused) == {
        "nonsense",
        "network.zones",
        "jobs.risk-calculation.cpu",
        "jobs.data-ingestion.timeout",
        "workflow.order[1]",
        "alerts.emails[0]",
    }


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"aws:region": "us-west-1"}, "network.zones = 3: us-west-1 has 2 zones"),
        ({"aws:region": ""}, "aws:region"),
        ({"batch-platform:jobs": {"risk-calculation": {"cpu": 300}}}, "jobs.risk-calculation.cpu = 300"),
        ({"batch-platform:jobs": "not: json"}, "jobs = 'not: json'"),
    ],
)
def test_the_program_refuses_before_its_first_resource(changes: dict[str, Any], says: str) -> None:
    project = projects.load(ROOT)
    file = project.stack("dev")
    changed = projects.StackFile("dev", {**file.config, **changes})
    with pytest.raises(OperatorError, match="cannot be used") as refused:
        recorded(project, changed, "unknown")
    assert says in str(refused.value)


def test_a_secret_setting_is_refused_without_being_shown() -> None:
    project = projects.load(ROOT)
    file = project.stack("dev")
    key = "batch-platform:tags"
    secret = projects.StackFile("dev", {**file.config, key: projects.SECRET}, (key,))
    with pytest.raises(OperatorError, match="never a secret"):
        recorded(project, secret, "unknown")
