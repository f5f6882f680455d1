"""Other people's Copilot manifests become settings that the program takes and the policy pack passes, or are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from batchctl import project as projects
from batchctl.adopt import copilot, copilot_fields, schedules
from batchctl.adopt.manifest import Manifest, seconds
from batchctl.cli import app
from batchctl.costs.prices import load_prices
from batchctl.errors import OperatorError
from batchctl.preview import report as previews
from tests.programs import ROOT

SAMPLES = Path(__file__).parent / "copilot"
ENVIRONMENT = copilot.CopilotEnvironment(app="insight", environment="dev", account="123456789012", region="us-east-1")
REFUSED = {
    "insight-invest.yml": {"exec", "on.schedule", "image.command", "capacityProviders", "logging.retention"},
    "poller.yml": {"network.vpc.placement", "on.schedule"},
    "processor.yml": {"network.vpc.placement", "exec", "subscribe.topics"},
    "migrate.yml": {
        *("variables.REDIS_HOST", "secrets.DB_SECRET"),
        *("network.vpc.placement", "network.vpc.security_groups"),
    },
    "mymove.yml": {"variables.DB_PASSWORD", "network.vpc.placement", "on.schedule"},
    "demo-ufo.yml": {"network.vpc.placement", "on.schedule"},
    "pubsub-demo.yml": {
        *("network.vpc.placement", "exec", "subscribe.topics"),
        *("subscribe.queues.retention", "subscribe.queues.timeout", "subscribe.queues.dead_letter.tries"),
    },
    "awsdemo-hpa.yml": {"network.vpc.placement", "exec", "subscribe.topics", "image.context"},
}
"""Sample to the fields of it that have no counterpart."""
NIGHT = """
name: {name}
type: Scheduled Job
on: {{schedule: "{schedule}"}}
image: {{build: Dockerfile}}
cpu: 1024
memory: 2048
network: {{vpc: {{placement: private}}}}
"""


def _write(folder: Path, text: str, name: str = "manifest.yml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def _job(folder: Path, text: str) -> dict[str, Any]:
    """The settings of the one job in a manifest."""
    conversion = copilot.convert([_write(folder, text)], ENVIRONMENT)
    (job,) = conversion.jobs.values()
    return dict(job)


def previewed(tmp_path: Path, sections: dict[str, Any]) -> previews.StackReport:
    """The preview of the program with these sections over its dev stack's."""
    for entry in ROOT.iterdir():
        if entry.name not in ("Pulumi.dev.yaml", "Pulumi.prod.yaml", ".git", ".venv"):
            (tmp_path / entry.name).symlink_to(entry)
    config = dict(projects.load(ROOT).stack("dev").config)
    for name, section in sections.items():
        config[f"batch-platform:{name}"] = {**config.get(f"batch-platform:{name}", {}), **section}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    return previews.preview(projects.load(tmp_path), "dev", price_table=load_prices(None))


def test_the_samples_are_all_listed() -> None:
    assert {file.name for file in SAMPLES.glob("*.yml")} == {*REFUSED, "redash-scheduler.yml"}
    sources = (SAMPLES / "SOURCES.md").read_text()
    assert all(f"| {file.name} |" in sources for file in SAMPLES.glob("*.yml"))


@pytest.mark.parametrize("name", REFUSED)
def test_a_sample_becomes_settings_that_preview(name: str, tmp_path: Path) -> None:
    conversion = copilot.convert([SAMPLES / name], ENVIRONMENT)
    assert {one.path for one in conversion.refused} == REFUSED[name]
    assert all(one.way_out for one in conversion.refused)
    report = previewed(tmp_path, conversion.sections)
    assert report.failed == []


def test_a_service_that_answers_requests_is_refused_whole() -> None:
    with pytest.raises(OperatorError, match="type 'Backend Service' is not converted"):
        copilot.convert([SAMPLES / "redash-scheduler.yml"], ENVIRONMENT)


def test_weekday_jobs_become_the_night_in_the_order_of_their_times(tmp_path: Path) -> None:
    files = [
        _write(tmp_path, NIGHT.format(name=name, schedule=schedule), f"{name}.yml")
        for name, schedule in (("report", "30 5 * * 1-5"), ("load", "cron(0 4 ? * MON-FRI *)"))
    ]
    conversion = copilot.convert(files, ENVIRONMENT)
    assert conversion.refused == []
    workflow = conversion.sections["workflow"]
    assert workflow == {"order": ["load", "report"], "start": {"schedule": "04:00"}, "deadline": {"timezone": "UTC"}}
    assert {name for name, job in conversion.sections["jobs"].items() if job} == {"load", "report"}
    assert "report writes reports/<business date>/_SUCCESS" in conversion.next_steps[-1]
    (folder := tmp_path / "project").mkdir()
    assert previewed(folder, conversion.sections).failed == []


@pytest.mark.parametrize(
    ("schedule", "time"),
    [
        ("0 9 * * 1-5", "09:00"),
        ("5 0 * * mon-fri", "00:05"),
        ("cron(15 21 ? * 2-6 *)", "21:15"),
        ("cron(15 21 ? * 1-5 *)", None),  # Sunday to Thursday, as EventBridge counts
        ("cron(15 21 * * MON-FRI 2026)", None),
        ("*/5 * * * *", None),
        ("0 9 * * *", None),
        ("0 9 1 * 1-5", None),
        ("0 25 * * 1-5", None),
        ("@daily", None),
        ("rate(1 day)", None),
        ("none", None),
    ],
)
def test_what_is_once_on_each_weekday(schedule: str, time: str | None) -> None:
    assert schedules.weekday_time(schedule) == time


@pytest.mark.parametrize(
    ("text", "value"), [("1h30m", 5400), ("250ms", 0.25), ("5d", 432_000), ("90", None), ("1h x", None), ("", None)]
)
def test_durations(text: str, value: float | None) -> None:
    assert seconds(text) == value


def test_each_field_goes_where_its_counterpart_is(tmp_path: Path) -> None:
    text = """
name: cost-analyzer
type: Worker Service
image:
  build: ./Dockerfile
  healthcheck: {command: ["CMD", "check"]}
platform: {osfamily: linux, architecture: arm64}
command: python -m worker --name "a b"
cpu: 256
memory: 512
network: {vpc: {placement: private}}
storage: {ephemeral: 100, readonly_fs: true}
exec: false
variables: {DEBUG: true, LEVEL: 3}
secrets:
  DB: {secretsmanager: "arn:aws:secretsmanager:us-east-1:123456789012:secret:mysql-AbCdEf"}
  API: ${COPILOT_APPLICATION_NAME}/key
count:
  range: {min: 1, max: 10, spot_from: 2}
  cpu_percentage: {value: 80}
  queue_delay: {acceptable_latency: 10m, msg_processing_time: 250ms}
subscribe:
  queue: {timeout: 1h, dead_letter: {tries: 10}}
"""
    conversion = copilot.convert([_write(tmp_path, text)], ENVIRONMENT)
    assert conversion.refused == []
    assert conversion.sections == {
        "network": {"extraEndpoints": ["secretsmanager", "sqs", "ssm"]},
        "jobs": {
            "cost-analyzer": {
                "cpu": 256,
                "memory": 512,
                "architecture": "ARM64",
                "command": ["python", "-m", "worker", "--name", "a b"],
                "healthCheck": ["CMD", "check"],
                "environment": {"DEBUG": "true", "LEVEL": "3"},
                "secrets": {
                    "DB": "arn:aws:secretsmanager:us-east-1:123456789012:secret:mysql-AbCdEf",
                    "API": "arn:aws:ssm:us-east-1:123456789012:parameter/insight/key",
                },
                "ephemeralStorage": 100,
                "queue": {
                    "acceptableLatency": 600,
                    "secondsPerMessage": 0.25,
                    "visibilityTimeout": 3600,
                    "maxReceives": 10,
                },
                "scaling": {"maxTasks": 10, "cpuTarget": 80},
                "capacity": "spot-with-fallback",
            }
        },
    }


@pytest.mark.parametrize("path", sorted(set(copilot_fields.WAYS_OUT) - {"environments", "count", "image.build"}))
def test_every_field_without_a_counterpart_is_named(path: str, tmp_path: Path) -> None:
    """Each row of the table, in a manifest, with a value that nothing takes."""
    fields: dict[str, Any] = {
        "name": "night",
        "type": "Worker Service" if path.startswith("subscribe") else "Scheduled Job",
        "network": {"vpc": {"placement": "private"}},
    }
    *folders, last = path.split(".")
    holder = fields
    for folder in folders:
        holder = holder.setdefault(folder, {})
    special = {"exec": True, "storage.readonly_fs": False, "variables": {"lower": 1}, "secrets": {"DB": {"x": 1}}}
    holder[last] = special.get(path, {"subscribe.topics": ["t"]}.get(path, {"what": "ever"}))
    conversion = copilot.convert([_write(tmp_path, json.dumps(fields))], ENVIRONMENT)
    named = [one for one in conversion.refused if one.path == path or one.path.startswith(f"{path}.")]
    assert named, conversion
    assert all(one.way_out != copilot_fields.UNKNOWN for one in named)


def test_a_field_that_nobody_knows_is_named(tmp_path: Path) -> None:
    text = NIGHT.format(name="night", schedule="none") + "tpyo: {deep: [1]}\n"
    (one,) = copilot.convert([_write(tmp_path, text)], ENVIRONMENT).refused
    assert (one.path, one.value, one.way_out) == ("tpyo.deep", [1], copilot_fields.UNKNOWN)


def test_an_environments_overrides_count(tmp_path: Path) -> None:
    text = NIGHT.format(name="night", schedule="none") + "environments: {dev: {memory: 4096}, test: {memory: 8192}}\n"
    assert _job(tmp_path, text)["memory"] == 4096
    nowhere = copilot.convert([_write(tmp_path, text)], copilot.CopilotEnvironment())
    assert [one.path for one in nowhere.refused] == ["environments"]


def test_a_password_is_neither_converted_nor_printed() -> None:
    result = CliRunner().invoke(app, ["import", "copilot", str(SAMPLES / "mymove.yml")])
    assert result.exit_code == 1
    assert "mysecretpassword" not in result.output
    assert "variables.DB_PASSWORD" in result.stderr


def test_the_printed_settings_are_a_stack_file(tmp_path: Path) -> None:
    file = _write(tmp_path, NIGHT.format(name="night", schedule="0 9 * * 1-5"))
    result = CliRunner().invoke(app, ["import", "copilot", str(file)])
    assert result.exit_code == 0, result.output
    printed = yaml.safe_load(result.stdout)["config"]
    assert printed["batch-platform:workflow"]["start"] == {"schedule": "09:00"}
    as_json = CliRunner().invoke(app, ["import", "copilot", str(file), "--json"])
    assert json.loads(as_json.stdout)["config"] == printed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a list", "is no manifest of Copilot's: it has no `name`"),
        ("name: x\non:\n  schedule: @daily", "is not valid YAML"),
        ("name: x\ntype: Cron", "valid: `type: Scheduled Job`"),
    ],
)
def test_what_is_no_manifest(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=says):
        copilot.convert([_write(tmp_path, text)], ENVIRONMENT)


def test_a_value_that_fargate_does_not_take_is_refused_as_a_setting(tmp_path: Path) -> None:
    text = NIGHT.format(name="night", schedule="none").replace("memory: 2048", "memory: 1000")
    result = CliRunner().invoke(app, ["import", "copilot", str(_write(tmp_path, text))])
    assert isinstance(result.exception, OperatorError)
    assert "jobs.night.memory = 1000" in str(result.exception)


def test_what_is_not_taken_is_left() -> None:
    manifest = Manifest({"a": {"b": 1, "c": None}, "d": [1]})
    assert manifest.take("a.b", str) is None and manifest.take("x.y") is None
    assert list(manifest.left()) == [("a.b", 1), ("d", [1])]
