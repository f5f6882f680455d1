"""`diff`: what this checkout changes against another revision, without a cloud."""

from __future__ import annotations

from typing import Annotated

import typer

from batchctl import project as projects
from batchctl.errors import OperatorError

from .terminal import JsonOption, PricesOption, ProjectOption, console, print_json, progress

app = typer.Typer()


@app.command()
def diff(
    revision: Annotated[
        str | None,
        typer.Argument(help="Branch, tag or commit to compare with. Default: where this branch left the main one."),
    ] = None,
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", "-s", help="Stack to compare; repeatable. Default: every committed stack file."),
    ] = None,
    as_json: JsonOption = False,
    prices: PricesOption = None,
    project: ProjectOption = None,
) -> None:
    """Show what this checkout, uncommitted files included, changes in each stack; needs no cloud and no credentials.

    Both sides run their own code. Exit code 0: nothing differs; 1: something does; 3: data would be deleted that
    `platform.acknowledge` does not name; 2: wrong use, or an acknowledgement that no deletion needs.
    """
    from batchctl.costs import prices as price_tables
    from batchctl.errors import OK, PROBLEM
    from batchctl.preview import pages
    from batchctl.preview import revision as revisions
    from batchctl.preview.changes import compare
    from batchctl.preview.pages import markdown

    from .preview import garbage_collection_off

    here = projects.load(project) if project else projects.find()
    table = price_tables.load_prices(prices)
    names = stack or here.stacks()
    if not names:
        raise OperatorError(f"no stack file in {here.root}: copy Pulumi.dev.yaml from the repository.")
    for name in names:
        here.stack(name)
    commit = revisions.commit_of(here.root, revision)
    with garbage_collection_off(), revisions.started(here, commit, names) as other, progress() as step:
        step(f"running both programs, this checkout's and that of {commit[:12]}")
        head = {name: revisions.snapshot(here, name) for name in names}
        base = other.snapshots()
        compared = [pages.page(compare(base[name], head[name]), table) for name in names if name in base]
    new = [name for name in names if name not in base]
    code = pages.worst(compared) or (PROBLEM if new else OK)
    if as_json:
        print_json({"base": commit, "newStacks": new, **pages.as_json(compared), "code": code})
    else:
        screen = console()
        screen.print(f"Against {commit[:12]}", style="dim", highlight=False)
        markdown.to_terminal(screen, compared)
        for name in new:
            screen.print(f"{name}: new here, the other revision has no such stack")
    raise typer.Exit(code)
