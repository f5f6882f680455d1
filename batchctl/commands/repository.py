"""`docs` and `lint`: what keeps the repository's documents and entry points true."""

from __future__ import annotations

from typing import Annotated

import typer

from batchctl import project as projects
from batchctl.errors import PROBLEM, OperatorError

app = typer.Typer()
docs_app = typer.Typer(name="docs", help="Documents that are generated from the program.", no_args_is_help=True)
lint_app = typer.Typer(name="lint", help="Checks of the repository that no other linter makes.", no_args_is_help=True)
app.add_typer(docs_app)
app.add_typer(lint_app)


@docs_app.callback()
def docs() -> None:
    """Documents that are generated from the program."""


@lint_app.callback()
def lint() -> None:
    """Checks of the repository that no other linter makes."""


@docs_app.command("settings")
def write_settings(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when the page is out of date.")] = False,
) -> None:
    """Write docs/settings.md from the settings' models."""
    from batchctl import settings_docs

    file = projects.find().root / "docs" / "settings.md"
    page = settings_docs.page()
    if not check:
        file.write_text(page, encoding="utf-8")
        print("wrote docs/settings.md")
    elif not file.is_file() or file.read_text(encoding="utf-8") != page:
        raise OperatorError("docs/settings.md is out of date: run `batchctl docs settings`.", PROBLEM)


@lint_app.command("entry-points")
def entry_points(context: typer.Context) -> None:
    """Check that Makefile, CI scripts, workflows and buildspecs name this program, its stacks and its commands."""
    from batchctl import entry_points as linter

    problems = linter.problems(projects.find().root, context.find_root().command)
    for problem in problems:
        print(problem)
    if problems:
        raise typer.Exit(PROBLEM)
