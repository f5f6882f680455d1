"""`batchctl policy`: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batchctl.errors import PROBLEM, OperatorError
from batchctl.policy.commands import app
from batchctl.policy.mutants import matrix
from batchctl.policy.mutants.table import MUTANTS
from policy.rules import ALL_RULES
from tests.policy.test_harness import exported, written

RUN = CliRunner()


def test_rules_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = RUN.invoke(app, ["rules"])
    assert done.exit_code == 0
    for rule in ALL_RULES:
        assert rule.name in done.output


def test_committed_documents_are_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(matrix.ROOT)
    assert RUN.invoke(app, ["docs", "--check"]).exit_code == 0


def test_an_exported_state_is_judged(tmp_path: Path) -> None:
    done = RUN.invoke(app, ["check-state", str(written(tmp_path, exported())), "--format", "json"])
    assert done.exit_code == PROBLEM
    result = json.loads(done.stdout)
    assert result["ok"] is False
    assert "bucket-blocks-public" in {finding["rule"] for finding in result["findings"]}


def test_what_is_retained_in_a_state_ends_with_an_error(tmp_path: Path) -> None:
    file = written(tmp_path, exported(retainOnDelete=True))
    done = RUN.invoke(app, ["check-state", str(file), "--format", "sarif"])
    assert done.exit_code == PROBLEM
    assert "retainOnDelete is set" in done.stderr


def test_a_file_that_is_no_state_is_one_message(tmp_path: Path) -> None:
    done = RUN.invoke(app, ["check-state", str(tmp_path / "none.json")])
    assert isinstance(done.exception, OperatorError)
    assert "pulumi stack export" in str(done.exception)


def test_the_matrix_shows_every_mutant_and_the_scores() -> None:
    results = [
        matrix.outcome(mutant, "dev", "resolved") for mutant in [one for one in MUTANTS if "dev" in one.stacks][:3]
    ]
    text = matrix.printed(results)
    assert [line[:4] for line in text.splitlines()[2:5]] == [".F..", ".F..", ".F.."]
    assert "3 noticed on the right resource, 3 exact" in text
