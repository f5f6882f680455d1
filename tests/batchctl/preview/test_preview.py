"""`batchctl preview` as a user runs it: a process with an exit code, standard output and standard error."""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from batchctl import costs
from batchctl import project as projects
from batchctl.commands.preview import garbage_collection_off
from batchctl.costs import prices
from batchctl.errors import OK, PROBLEM, USAGE, OperatorError
from batchctl.preview import report
from batchctl.program import recorded, stack_settings
from tests.programs import ROOT, record_with, recording
from tests.tooling.stack import layouts

PROGRAM = ("__main__.py", "Pulumi.yaml", "outputs.py", "components", "settings", "jobs", "policy")


def batchctl(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_"))}
    return subprocess.run(
        [sys.executable, "-m", "batchctl.cli", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The committed program with the dev stack, to be changed by a test."""
    for name in PROGRAM:
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "Pulumi.dev.yaml").write_text((ROOT / "Pulumi.dev.yaml").read_text())
    return tmp_path


def change(project: Path, **sections: Any) -> None:
    path = project / "Pulumi.dev.yaml"
    stack_file = yaml.safe_load(path.read_text())
    for section, value in sections.items():
        stack_file["config"].setdefault(f"batch-platform:{section}", {}).update(value)
    path.write_text(yaml.safe_dump(stack_file))


def test_both_committed_stacks_in_one_command() -> None:
    result = batchctl("preview")
    assert result.returncode == OK, result.stdout + result.stderr
    for line in ("stack dev", "stack prod", "as at a first preview: 0 failing", "as after `up`: 0 failing"):
        assert line in result.stdout
    assert result.stderr == ""
    assert "\x1b[" not in result.stdout, "escape codes in piped output"


def test_json_is_one_document() -> None:
    result = batchctl("preview", "--json", "--stack", "dev")
    document = json.loads(result.stdout)
    assert document["ok"] is True
    (stack,) = document["stacks"]
    assert stack["stack"] == "dev"
    assert stack["resources"] > 150
    assert set(stack["findings"]) == {"unknown", "resolved"}
    assert stack["findings"]["resolved"] == []
    assert stack["cost"]["idle"]["total"] == pytest.approx(sum(row["usd"] for row in stack["cost"]["idle"]["rows"]))
    assert stack["outputs"]["clusterName"] == "cluster-batch-dev"


def test_markdown_has_a_picture() -> None:
    result = batchctl("preview", "--markdown", "--stack", "prod")
    assert result.returncode == OK
    assert "## prod: " in result.stdout
    assert "```mermaid\ngraph LR" in result.stdout


def test_a_broken_setting_is_one_message(project: Path) -> None:
    change(project, jobs={"risk-calculation": {"cpu": 300}})
    result = batchctl("preview", "--project", str(project))
    assert result.returncode == USAGE
    assert "jobs.risk-calculation.cpu = 300" in result.stderr
    assert "valid: cpu: 1024" in result.stderr
    assert "Nothing has been changed" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("preview", "--stack", "nope"), "Stacks here: dev, prod"),
        (("preview", "--json", "--markdown"), "exclude each other"),
        (("preview", "--project", "/nowhere"), "does not exist"),
        (("preview", "--prices", "/nowhere.yaml"), "cannot be read"),
    ],
)
def test_wrong_use_is_one_message(arguments: tuple[str, ...], says: str) -> None:
    result = batchctl(*arguments)
    assert result.returncode == USAGE
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_stack_that_breaks_a_mandatory_rule_fails(project: Path) -> None:
    """A retention of two years is more than the pack's limit... unless the pack is told otherwise."""
    (project / "policy").unlink()
    (project / "__main__.py").unlink()
    source = (ROOT / "__main__.py").read_text()
    (project / "__main__.py").write_text(source + '\nimport pulumi_aws as aws; aws.ec2.Eip("address", domain="vpc")\n')
    result = batchctl("preview", "--project", str(project))
    assert result.returncode == PROBLEM
    assert "no-eip-or-nat" in result.stdout


def test_adding_a_job_is_one_entry_and_stays_green(project: Path) -> None:
    change(project, jobs={"stress-test": {"cpu": 256, "memory": 512, "queue": {}}}, network={"extraEndpoints": ["sqs"]})
    result = batchctl("preview", "--project", str(project), "--json")
    document = json.loads(result.stdout)
    assert result.returncode == OK, document["stacks"][0]["findings"]["resolved"]
    assert "stress-test" in document["stacks"][0]["outputs"]["serviceNames"]
    assert "stress-test" in document["stacks"][0]["outputs"]["jobQueueUrls"]


class TestWhatThePackIsTold:
    def test_an_environment_of_another_name_than_the_stack(self, project: Path) -> None:
        """Names end with the environment, which the pack must know from the program and not from the stack's name."""
        change(project, platform={"environment": "other"})
        process = batchctl("preview", "--project", str(project), "--json")
        assert process.returncode == OK, process.stdout

    def test_a_projects_own_settings_stay_beside_it(self, tmp_path: Path) -> None:
        (tmp_path / report.POLICY_CONFIG).write_text('{"all": {"allowNat": true}, "required-tags": {"tagValues": []}}')
        settings = report.policy_config(recording("dev", "unknown"), projects.Project(tmp_path, "p", {}))
        assert settings == {"all": {"suffix": "dev", "allowNat": True}, "required-tags": {"tagValues": []}}

    def test_the_tooling_stack_with_a_repository_has_settings_of_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """They are no platform's, so that no night of them is priced."""
        committed = projects.Project.stack

        def stack(self: projects.Project, name: str) -> projects.StackFile:
            file = committed(self, name)
            delivery = {"batch-platform:delivery": {"repository": layouts.REPOSITORY}}
            return replace(file, config={**file.config, **delivery})

        monkeypatch.setattr(projects.Project, "stack", stack)
        previewed = report.preview(projects.load(ROOT / "tooling"), "tooling")
        assert (previewed.failed, previewed.run.rows, previewed.run_time) == ([], (), "")
        assert previewed.idle.total > 0


class TestCost:
    """Costs are computed from what is recorded and from the one table."""

    @pytest.fixture
    def graph(self) -> Any:
        project = projects.load(ROOT)
        return recorded(project, project.stack("prod"), "resolved").graph(project.name)

    def test_endpoints_are_counted_by_zone(self, graph: Any) -> None:
        table = costs.idle_cost(graph, prices.load_prices(None))
        rows = [row for row in table.rows if row.what == "interface endpoints"]
        assert [row.quantity for row in rows] == [3 * costs.HOURS_A_MONTH] * 3

    @pytest.mark.parametrize(("stack", "endpoints", "nat"), [("dev", 21.90, 36.50), ("prod", 65.70, 109.50)])
    def test_nat_is_compared_in_the_zones_of_the_endpoints(self, stack: str, endpoints: float, nat: float) -> None:
        project, table = projects.load(ROOT), prices.load_prices(None)
        graph = recorded(project, project.stack(stack), "resolved").graph(project.name)
        assert costs.network_only(costs.idle_cost(graph, table)) == pytest.approx(endpoints)
        assert costs.nat_alternative(graph, table).total == pytest.approx(nat)
        assert costs.nat_alternative(graph, table, 1).total == pytest.approx(36.50)

    def test_what_the_program_does_not_make_is_billed_too(self, graph: Any) -> None:
        """Target tracking makes alarms, rotation keeps old key material, repositories keep images."""
        by_what = {row.what: row for row in costs.idle_cost(graph, prices.load_prices(None)).rows}
        assert by_what["alarms of target tracking"].quantity == 2
        assert by_what["rotated key material, from the third year on"].usd == 2
        assert by_what["images kept, at most"].quantity == pytest.approx(10 * 0.3)

    def test_layers_of_images_cost_nothing_on_their_way(self) -> None:
        """They come through the S3 gateway: 10,000 pulls of 0.3 GB are not 30 USD of endpoint data."""
        config = stack_settings(projects.load(ROOT).stack("prod"))
        table = costs.run_cost(config, prices.load_prices(None), costs.RunAssumptions(shards=10_000, log_megabytes=0))
        assert sum(row.usd for row in table.rows if row.what == "data through endpoints") < 0.01

    def test_every_log_of_a_night_is_billed(self) -> None:
        config = stack_settings(projects.load(ROOT).stack("prod"))
        few, many = (
            {row.what: row for row in costs.run_cost(config, prices.load_prices(None), night).rows}
            for night in (costs.RunAssumptions(flow_records=1, event_kilobytes=1), costs.RunAssumptions())
        )
        assert {"logs", "Container Insights", "task events", "flow logs", "workflow's log"} <= set(many)
        assert many["flow logs"].quantity == pytest.approx(40 * few["flow logs"].quantity)
        assert many["task events"].quantity == pytest.approx(4 * few["task events"].quantity)

    def test_the_delivery_is_priced_by_its_builds(self) -> None:
        graph = layouts.recorded()
        table = costs.release_cost(graph, prices.load_prices(None), costs.ReleaseAssumptions(checks_minutes=10))
        built = {row.resource: row for row in table.rows if row.what == "build"}
        assert set(built) == {one.name for one in graph.of_type("aws:codebuild/project:Project")}
        assert built["delivery-checks"].usd == pytest.approx(10 * 0.01)
        assert built["delivery-up-dev"].usd == pytest.approx(6 * 0.005)
        assert table.total > sum(row.usd for row in built.values()), "CodePipeline bills each action's minutes too"
        assert costs.idle_cost(graph, prices.load_prices(None)).total > 0

    def test_time_stands_beside_the_money_and_a_night_that_is_too_long_is_said(self) -> None:
        config = stack_settings(projects.load(ROOT).stack("prod"))
        assert "of its window of 13.5 h, with 6 vCPU at once." in costs.time_summary(config)
        assert "DOES NOT END IN TIME with 6 vCPU" in costs.time_summary(config, costs.RunAssumptions(shards=10_000))

    def test_a_task_costs_as_long_as_it_takes(self) -> None:
        """One set of assumptions: money is counted for the seconds that the model of time lets a task run."""
        config, night = stack_settings(projects.load(ROOT).stack("prod")), costs.RunAssumptions(shards=1)
        rows = costs.run_cost(config, prices.load_prices(None), night).rows
        vcpu = {row.resource: row.quantity for row in rows if row.what.endswith("vCPU")}
        assert vcpu["risk-calculation"] == pytest.approx(
            2 * max(60, night.startup_seconds + night.shard_seconds) / 3600
        )

    def test_a_run_grows_with_its_shards(self) -> None:
        config = stack_settings(projects.load(ROOT).stack("prod"))
        table = prices.load_prices(None)
        few, many = (costs.run_cost(config, table, costs.RunAssumptions(shards=n)).total for n in (10, 1000))
        assert 20 < many / few < 100

    def test_spot_is_cheaper(self) -> None:
        project = projects.load(ROOT)
        table = prices.load_prices(None)
        dev, prod = (costs.run_cost(stack_settings(project.stack(s)), table).total for s in ("dev", "prod"))
        assert dev < prod

    def test_prices_can_be_replaced(self, tmp_path: Path, graph: Any) -> None:
        file = tmp_path / "prices.yaml"
        file.write_text("kms.key: 2.5\n")
        table = costs.idle_cost(graph, prices.load_prices(file))
        assert {row.usd for row in table.rows if row.what == "KMS keys"} == {2.5}

    @pytest.mark.parametrize(
        ("text", "says"), [("nope: 1", "is no price"), ("kms.key: x", "valid: `kms.key"), ("- 1", "mapping")]
    )
    def test_wrong_prices_are_refused(self, tmp_path: Path, text: str, says: str) -> None:
        file = tmp_path / "prices.yaml"
        file.write_text(text)
        with pytest.raises(OperatorError, match="--prices") as refused:
            prices.load_prices(file)
        assert says in str(refused.value)

    def test_every_price_has_a_source_and_a_date(self) -> None:
        for name, price in prices.TABLE.items():
            assert price.source.startswith("https://"), name
            assert price.read_in, name
            assert price.usd > 0, name


class TestWhatIsSaidFirstAndLast:
    def test_the_decision_first_and_what_to_do_next_last(self) -> None:
        lines = batchctl("preview", "--stack", "dev").stdout.splitlines()
        assert re.match(r"dev: every mandatory rule holds; \d+ resources, \$[\d.]+ a month idle, ", lines[0])
        last = " ".join(lines[-2:])
        assert "Next: `.venv/bin/batchctl doctor --preflight --stack dev`" in last

    def test_outputs_only_when_asked_for(self) -> None:
        assert "stateMachineArn" not in batchctl("preview", "--stack", "dev").stdout
        assert "stateMachineArn" in batchctl("preview", "--stack", "dev", "--outputs").stdout

    def test_a_refusal_is_announced_first_and_told_last(self, project: Path) -> None:
        change(project, network={"cidr": "10.0.0.0/30"})
        result = batchctl("preview", "--project", str(project))
        assert result.returncode == USAGE
        assert "1 refused" in result.stdout.splitlines()[0]
        assert "fix what is refused below" in result.stdout
        assert "network.cidr" in result.stderr


def test_garbage_is_collected_again_after_a_preview() -> None:
    with garbage_collection_off():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_dns_firewall_costs_by_the_name() -> None:
    """Two lists: what resolves, and `*`."""
    graph = record_with({"batch-platform:network": {"dnsFirewall": True}})
    table = costs.idle_cost(graph, prices.load_prices(None))
    counted = {row.resource: row.quantity for row in table.rows if row.what == "DNS firewall domains"}
    assert counted == {"dns-allowed": 5, "dns-others": 1}
    assert sum(row.usd for row in table.rows if row.what == "DNS firewall domains") == pytest.approx(0.003)
