"""Pages that a run or a count wrote have the form that their writers would give them today."""

from __future__ import annotations

import json

from tooling.scripts import count_lines, first_hour

from .repository import ROOT


def test_the_first_hour_has_the_commands_of_its_script() -> None:
    assert first_hour.problems(first_hour.PAGE.read_text()) == []


def test_a_command_that_is_missing_is_named() -> None:
    text = first_hour.PAGE.read_text().replace("$ make demo", "$ make demos")
    assert first_hour.problems(text) == ["docs/first-hour.md lacks `make demo`"]


def test_the_first_hour_is_the_path_of_operations() -> None:
    """What a newcomer is told to type is what was run, but for what stands for Docker."""
    pages = (ROOT / "docs" / "operations.md").read_text() + (ROOT / "README.md").read_text()
    ran = {command for step in first_hour.STEPS for command in step.commands}
    beginnings = {command.partition(" --")[0].partition(" >")[0].strip() for command in ran}
    sandbox_only = {".venv/bin/batchctl sandbox up", 'eval "$(.venv/bin/batchctl sandbox env)"'}
    sandbox_only |= {beginning for beginning in beginnings if "sandbox" in beginning}
    waiting = {beginning for beginning in beginnings if beginning.startswith(("until ", "pulumi stack rm", "aws iam"))}
    unknown = sorted(one for one in beginnings - sandbox_only - waiting if one not in pages)
    assert unknown == []


def test_sizes_are_about_right() -> None:
    assert count_lines.problems(count_lines.PAGE.read_text(), count_lines.counted()) == []


def test_a_size_that_is_wrong_is_named() -> None:
    lines = count_lines.counted()
    lines["policy"] *= 2
    (problem,) = count_lines.problems(count_lines.PAGE.read_text(), lines)
    assert problem.startswith("policy: ")


def test_benchmarks_show_each_ratio_and_its_limit() -> None:
    from benchmarks import ratios

    page, limits = ratios.PAGE.read_text(), json.loads(ratios.LIMITS.read_text())
    assert limits.keys() == {ratio.name for ratio in ratios.RATIOS}
    assert all(
        f"| {name} | " in page and "not measured" not in page.partition(f"| {name} ")[2].partition("\n")[0]
        for name in limits
    )
    assert all(f"| {ratio.name} | {ratio.of} | " in page for ratio in ratios.RATIOS)
    assert all(value > 0 for value in limits.values())
