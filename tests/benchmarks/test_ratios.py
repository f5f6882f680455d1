"""`make benchmarks` fails when a ratio is worse than its recorded limit by half, and only then."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import ratios


@pytest.mark.parametrize(("measured", "exit_code"), [(0.9, 0), (1.49, 0), (1.51, 1), (3.0, 1)])
def test_worse_by_half_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: float, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = tmp_path / "limits.json"
    limits.write_text(json.dumps({"one over another": 1.0}))
    monkeypatch.setattr(ratios, "LIMITS", limits)
    monkeypatch.setattr(ratios, "RATIOS", (ratios.Ratio("one over another", "a test", lambda: measured),))
    monkeypatch.setattr(sys, "argv", ["ratios"])
    assert ratios.main() == exit_code
    assert ("WORSE BY MORE THAN HALF" in capsys.readouterr().out) is bool(exit_code)


def test_what_cannot_be_measured_is_named_and_does_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure() -> float:
        raise ratios.NotMeasuredError("no pulumi on PATH")

    monkeypatch.setattr(ratios, "LIMITS", tmp_path / "none.json")
    monkeypatch.setattr(ratios, "RATIOS", (ratios.Ratio("one over another", "a test", measure),))
    monkeypatch.setattr(sys, "argv", ["ratios"])
    assert ratios.main() == 0
    assert "NOT MEASURED: no pulumi on PATH" in capsys.readouterr().out
