"""What the commands have in common, and `batchctl cost`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from batchctl import cli
from batchctl.errors import OK, UNREACHABLE, USAGE, OperatorError
from batchctl.operate.stack import refusals_as_error


class TestCost:
    def test_json(self) -> None:
        result = CliRunner().invoke(cli.app, ["cost", "--stack", "prod", "--shards", "100", "--json"])
        bills = json.loads(result.output)
        assert set(bills) == {"idle", "run", "nat", "one_nat", "run_minutes", "window_minutes"}
        assert bills["run"]["total"] == pytest.approx(sum(row["usd"] for row in bills["run"]["rows"]))


class TestOutputs:
    def test_without_credentials_it_is_the_message_of_outputs(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Pulumi's own words are about an EC2 metadata service that nobody here has."""
        pulumi = tmp_path / "pulumi"
        pulumi.write_text(
            "#!/bin/sh\necho 'error: read .pulumi/meta.yaml: operation error S3: GetObject, get identity: get "
            "credentials: failed to refresh cached credentials, no EC2 IMDS role found' >&2\nexit 255\n"
        )
        pulumi.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        error = CliRunner().invoke(cli.app, ["runs", "--stack", "dev"]).exception
        assert isinstance(error, OperatorError)
        assert error.code == UNREACHABLE
        assert str(error).startswith("no AWS credentials: set AWS_PROFILE")
        assert "IMDS" not in str(error)

    def test_neither_stack_nor_file(self) -> None:
        error = CliRunner().invoke(cli.app, ["runs"]).exception
        assert isinstance(error, OperatorError)
        assert "--stack NAME" in str(error)

    @pytest.mark.parametrize(
        "command",
        ["doctor", "run", "status", "logs", "runs", "resume", "redrive", "retire-revisions", "push", "cost", "verify"],
    )
    def test_every_command_has_help_and_json(self, command: str) -> None:
        result = CliRunner().invoke(cli.app, [command, "--help"], env={"COLUMNS": "200"})
        assert result.exit_code == OK
        assert "--json" in result.output

    def test_without_a_region_it_says_which_variable(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """The SDK's own words name no variable."""
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        error = CliRunner().invoke(cli.app, ["release", "current", "--stack", "dev"]).exception
        assert isinstance(error, OperatorError)
        assert error.code == USAGE
        assert "set AWS_REGION, for example us-east-1" in str(error)


@pytest.mark.parametrize(
    ("code", "way_out"),
    [
        ("AccessDeniedException", "Your role may not do this"),
        ("ResourceNotFoundException", "Is the stack up"),
        ("StateMachineDoesNotExist", "Is the stack up"),
        ("ThrottlingException", "ThrottlingException: in AWS's words."),
    ],
)
def test_what_aws_refuses_comes_with_a_way_out(code: str, way_out: str) -> None:
    answer: Any = {"Error": {"Code": code, "Message": "in AWS's words."}}
    with pytest.raises(OperatorError) as raised, refusals_as_error("reading the run ledger"):
        raise ClientError(answer, "GetItem")
    assert str(raised.value).startswith(f"reading the run ledger: AWS answered {code}: in AWS's words.")
    assert way_out in str(raised.value)
