"""`batchctl policy`: the rules, their documents, their mutants, and checks of a stack that is already there."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from batchctl import project as projects
from batchctl.errors import OK, PROBLEM, OperatorError

app = typer.Typer(
    name="policy",
    help="The policy rules: list them, write their documents, print the mutation matrix, check an exported state.",
    no_args_is_help=True,
)


class Form(StrEnum):
    """Forms of a report."""

    TERMINAL = "terminal"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"


@app.command("rules")
def list_rules() -> None:
    """List every rule with what it sees, its level and its severity."""
    from policy.rules import ALL_RULES

    table = Table(box=None, pad_edge=False)
    for column in ("rule", "sees", "level", "severity", "what must hold"):
        table.add_column(column, overflow="fold", no_wrap=column != "what must hold")
    for rule in ALL_RULES:
        table.add_row(rule.name, rule.kind, rule.level, rule.severity, rule.description)
    console = Console()
    console.print(table)
    console.print(f"{len(ALL_RULES)} rules")


@app.command("docs")
def write_docs(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a file is out of date.")] = False,
) -> None:
    """Write docs/policy/policies.md from the rules and the list of taggable types from the installed pulumi-aws."""
    from . import docs

    root = projects.find().root
    if check:
        current = (root / "docs" / "policy" / "policies.md").read_text(encoding="utf-8")
        if current != docs.policies_markdown():
            raise OperatorError("docs/policy/policies.md is out of date: run `batchctl policy docs`.", PROBLEM)
        return
    for path in docs.regenerate(root):
        print(f"wrote {path.relative_to(root)}")


@app.command("mutants")
def print_mutants() -> None:
    """Break the recorded stacks in one place each and print which rules notice; takes about a minute."""
    from .mutants import matrix

    if not (matrix.ROOT / "Pulumi.yaml").is_file():
        raise OperatorError("the mutants are of the program's own stacks: run this in a checkout of the repository.")
    results = list(matrix.outcomes())
    print(matrix.printed(results))
    raise typer.Exit(OK if all(one.killed and one.exact for one in results) else PROBLEM)


@app.command("check-state")
def check_state(
    file: Annotated[Path, typer.Argument(help="Written by `pulumi stack export --file FILE`.")],
    form: Annotated[Form, typer.Option("--format", help="Format of the report.")] = Form.TERMINAL,
    suffix: Annotated[str, typer.Option(help="Environment suffix; default: the stack's name.")] = "",
) -> None:
    """Check a deployed stack's exported state, including what no policy pack can see (retainOnDelete)."""
    from policy.rules import evaluate

    from . import harness, reports

    try:
        graph = harness.from_state(file)
    except harness.StateFileError as error:
        raise OperatorError(str(error)) from error
    findings = evaluate(graph, {"suffix": suffix} if suffix else {})
    if form is Form.TERMINAL:
        reports.to_terminal(Console(), findings)
    else:
        print(reports.TEXTS[form](findings))
    retained = harness.retained(graph)
    if retained:
        Console(stderr=True).print("\n".join(retained), style="red", markup=False, soft_wrap=True)
    raise typer.Exit(PROBLEM if retained or any(map(reports.blocks, findings)) else OK)
