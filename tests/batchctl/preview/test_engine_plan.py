"""What the engine plans beside what two revisions say; from a real preview of a tampered stack, cut short.

`references/engine-plan.json` is `pulumi preview --json --show-sames --refresh` of the dev stack with shorter logs, once
somebody had shortened a queue's retention and took its policy away; cut to some resources, without outputs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from batchctl.cli import app
from batchctl.errors import DATA_LOSS, OK, PROBLEM, OperatorError
from batchctl.preview import pages
from batchctl.preview.changes import compare
from batchctl.preview.comment import deployed, engine_plan
from batchctl.preview.descriptions import Concern
from batchctl.preview.snapshot import NOT_KNOWN
from tests.batchctl.preview.stacks import REFERENCES, committed, with_settings

FILE = REFERENCES / "engine-plan.json"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def document() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(FILE.read_text())
    return parsed


def step(changed: dict[str, Any], name: str, operation: str) -> Any:
    (step,) = (one for one in changed["steps"] if one["urn"].endswith(f"::{name}") and one["op"] == operation)
    return step


class TestPlan:
    def test_it_is_the_same_page_as_of_two_revisions(self) -> None:
        page = pages.page(engine_plan.read(FILE).comparison())
        assert (page.stack, page.verdict) == ("dev", pages.Verdict.REVIEW)
        data_lines = {line.text for line in page.of(Concern.DATA)}
        assert data_lines == {"log events are kept 7 days (before: 30 days): older ones are deleted"}
        assert not page.of(Concern.REPLACED)

    def test_drift_is_what_the_engine_would_set_back_and_nothing_else(self) -> None:
        plan = engine_plan.read(FILE)
        (drifted,) = plan.drift
        assert drifted.after.name == "run-monitors-reconciler-dead-letters"
        assert [(change.path, change.before, change.after) for change in drifted.changes] == [
            (("messageRetentionSeconds",), 1209600, 3600)
        ]
        assert [one.name for one in plan.gone] == ["run-monitors-reconciler-dead-letters-policy"]

    def test_what_is_known_later_says_so_and_is_no_difference(self) -> None:
        changed = document()
        step(changed, "network-tasks-to-s3", "update")["newState"]["inputs"]["securityGroupId"] = UNKNOWN
        plan = engine_plan.parse(changed)
        rule = next(one for one in plan.planned.graph.resources if one.name == "network-tasks-to-s3")
        assert rule.props["securityGroupId"] == NOT_KNOWN
        texts = [line.text for line in pages.page(plan.comparison()).lines]
        assert any(text.endswith("known only after `pulumi up`, as it follows from `network-tasks`") for text in texts)
        same = deployed.compare_with_plan(compare(committed("dev"), committed("dev")), plan)
        assert not any("securityGroupId" in text for text in same.not_deployed)

    def test_secrets_are_hidden(self) -> None:
        changed = document()
        secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"hunter2"'}
        step(changed, "batch-insights", "update")["newState"]["inputs"]["name"] = secret
        plan = engine_plan.parse(changed)
        assert "hunter2" not in "\n".join(line.text for line in pages.page(plan.comparison()).lines)

    def test_a_replacement_is_what_the_engine_plans(self) -> None:
        changed = document()
        update = next(
            one for one in changed["steps"] if one["urn"].endswith("::batch-insights") and one["op"] == "update"
        )
        update.update(op="replace", replaceReasons=["retentionInDays"])
        page = pages.page(engine_plan.parse(changed).comparison())
        assert page.code == DATA_LOSS
        assert [loss.resource.name for loss in page.losses] == ["batch-insights"]
        acknowledged = pages.page(engine_plan.parse(changed).comparison(["batch-insights"]))
        assert acknowledged.code == PROBLEM

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"steps": []}', '{"steps": [{"op": "same"}]}', '{"steps": 1}'])
    def test_another_file_is_refused(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "plan.json").write_text(text)
        with pytest.raises(OperatorError, match="is no output of `pulumi preview --json --show-sames`"):
            engine_plan.read(tmp_path / "plan.json")


class TestBeside:
    def test_each_difference_is_named_by_its_reason(self) -> None:
        offline = compare(
            committed("dev"), with_settings("dev", {"platform": {"logRetentionDays": 7}, "data": {"inputDays": 30}})
        )
        result = deployed.compare_with_plan(offline, engine_plan.read(FILE))
        assert result.agreed == 3, "the log groups that the cut document holds"
        assert not result.not_deployed
        assert any("data-input-lifecycle" in text for text in result.deployed_already)
        assert [text.partition(":")[0] for text in result.drift] == [
            "sqs.Queue `run-monitors-reconciler-dead-letters`",
            "sqs.QueuePolicy `run-monitors-reconciler-dead-letters-policy`",
        ]
        assert result.provider == (
            "vpc.SecurityGroupEgressRule `network-tasks-to-s3`: `description`, which the program sets as before",
        )

    def test_what_the_base_has_and_the_stack_has_not_was_never_deployed(self) -> None:
        already = with_settings("dev", {"platform": {"logRetentionDays": 7}})
        result = deployed.compare_with_plan(compare(already, already), engine_plan.read(FILE))
        assert result.agreed == 0
        assert len(result.not_deployed) == 3
        assert all("log events are kept 7 days (before: 30 days)" in text for text in result.not_deployed)
        text = "\n".join(deployed.markdown(result))
        assert "**Deployed state** (`pulumi preview`): 1 to create, 5 to update. No change in common" in text
        assert "besides: never deployed, drift, provider defaults." in text


class TestCommands:
    def test_the_approval_page_and_its_verdict_in_a_line(self, tmp_path: Path) -> None:
        arguments = ["approval-page", str(FILE), "--commit", "abcdef0123456789", "--summary", str(tmp_path / "s")]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == OK, result.output
        assert result.stdout.startswith("# What release abcdef012345 changes in dev\n\n**⚠️ needs review**")
        assert "Changed outside of Pulumi, and set back by this release: sqs.Queue" in result.stdout
        assert (tmp_path / "s").read_text() == "needs review: how long data is kept; 1 to create; 5 to update"

    def test_an_engine_that_stopped_is_no_page_to_approve(self, tmp_path: Path) -> None:
        stopped = {**document(), "diagnostics": [{"severity": "error", "message": "error: access denied\n"}]}
        (tmp_path / "plan.json").write_text(json.dumps(stopped))
        result = CliRunner().invoke(app, ["approval-page", str(tmp_path / "plan.json")])
        assert result.exit_code == PROBLEM
        assert "- error: access denied" in result.stdout
