"""`preview`, `cost` and `pull-request`: what a stack would be, without a cloud."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from batchctl import project as projects
from batchctl.errors import DATA_LOSS, OK, PROBLEM, USAGE, OperatorError

from .terminal import JsonOption, PricesOption, ProjectOption, console, print_json, progress

if TYPE_CHECKING:
    from batchctl import costs
    from batchctl.costs.prices import Prices
    from batchctl.preview.report import StackReport

app = typer.Typer()


@contextmanager
def garbage_collection_off() -> Iterator[None]:
    """Garbage collection off: recording builds large structures without cycles and would spend a third of its time
    on collecting nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@app.command()
def preview(
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", "-s", help="Stack to preview; repeatable. Default: every committed stack file."),
    ] = None,
    as_json: JsonOption = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown with a Mermaid picture, for a pull request.")
    ] = False,
    outputs: Annotated[bool, typer.Option("--outputs", help="Print each stack's outputs too.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="File to write as one page for any browser, for example preview.html.")
    ] = None,
    prices: PricesOption = None,
    project: ProjectOption = None,
) -> None:
    """Show what each stack would be, its policy verdicts and its cost; needs no cloud, credentials or Pulumi CLI.

    Runs the very program that `pulumi up` runs and evaluates the very policy pack, once with values unknown as at a
    first preview and once with values resolved as after `up`. Exit code 1 when a mandatory rule fails.
    """
    from batchctl.costs import prices as price_tables
    from batchctl.preview import render
    from batchctl.preview import report as previews

    if as_json and markdown:
        raise OperatorError("--json and --markdown exclude each other: choose one.")
    here = projects.load(project) if project else projects.find()
    table = price_tables.load_prices(prices)
    names = stack or here.stacks()
    if not names:
        raise OperatorError(
            f"no stack file in {here.root}: copy Pulumi.dev.yaml from the repository, or `pulumi stack init`."
        )
    reports, refusals = [], []
    with progress() as step, garbage_collection_off():
        for name in names:
            try:
                reports.append(previews.preview(here, name, price_table=table, progress=step))
            except OperatorError as error:
                refusals.append(error)
    if html:
        from batchctl.html import write

        write(html, _page(here, reports, table))
        typer.echo(f"wrote {html}", err=True)
    if as_json:
        print(json.dumps(render.as_json(reports), indent=2))
    elif markdown:
        print(render.to_markdown(reports))
    else:
        render.to_terminal(console(), reports, refused=len(refusals), outputs=outputs)
    if refusals:
        raise OperatorError("\n\n".join(map(str, refusals)), refusals[0].code)
    raise typer.Exit(PROBLEM if any(report.failed for report in reports) else OK)


def _page(here: projects.Project, reports: list[StackReport], table: Prices) -> str:
    """The page, with what changes since this branch left the main one, where git can say."""
    from batchctl.preview import pages, preview_html
    from batchctl.preview import revision as revisions
    from batchctl.preview.changes import compare

    names = [report.stack for report in reports]
    try:
        commit = revisions.commit_of(here.root, None)
        with revisions.started(here, commit, names) as other:
            head = {name: revisions.snapshot(here, name) for name in names}
            before = other.snapshots()
    except OperatorError as error:
        return preview_html.page(reports, {}, base="", not_compared=str(error))
    compared = [pages.page(compare(before[name], head[name]), table) for name in names if name in before]
    changes = {
        one.stack: preview_html.Changes(one.verdict, [(line.concern, line.text) for line in one.lines])
        for one in compared
    }
    return preview_html.page(reports, changes, base=commit[:12], not_compared="the other revision has no such stack")


@app.command("pull-request")
def pull_request(
    head: Annotated[Path, typer.Argument(help="Output of `batchctl preview --json` on the branch.")],
    base: Annotated[Path | None, typer.Option(help="The same on the base branch.")] = None,
    plan: Annotated[
        list[Path] | None,
        typer.Option(
            help="Output of `pulumi preview --json --show-sames --refresh` of a deployed stack; repeatable. What it "
            "says otherwise is named: drift, never deployed, provider defaults."
        ),
    ] = None,
    commit: Annotated[str, typer.Option(help="Commit of the branch, named in the comment.")] = "",
    whole: Annotated[
        Path | None, typer.Option(help="File for the same without GitHub's limit of 65,536 characters.")
    ] = None,
) -> None:
    """Print the comment on a pull request: what it changes in every stack, from two offline previews.

    Exit code 3: data would be deleted that `platform.acknowledge` does not name; 2: an acknowledgement is stale.
    """
    from batchctl.preview import comment as comments
    from batchctl.preview import pages
    from batchctl.preview.comment import engine_plan

    branch = comments.read(head)
    before = comments.read(base) if base and base.exists() else {}
    note = "" if before else "The base branch has no preview to compare with: this shows what there would be."
    plans = {one.stack: one for one in map(engine_plan.read, plan or [])}
    comment = comments.Comment(branch, before, plans, commit, note)
    print(comment.short())
    if whole:
        whole.write_text(comment.whole(), encoding="utf-8")
    code = pages.worst(list(comments.pages(branch, before).values()))
    raise typer.Exit(code if code in (DATA_LOSS, USAGE) else OK)


@app.command("approval-page")
def approval_page(
    plan: Annotated[Path, typer.Argument(help="Output of `pulumi preview --json --show-sames` of a deployed stack.")],
    commit: Annotated[str, typer.Option(help="Commit of the release, named on the page.")] = "",
    summary: Annotated[Path | None, typer.Option(help="File for the verdict in one line.")] = None,
    project: ProjectOption = None,
) -> None:
    """Print what a release changes in a deployed stack: the page of a pull request, against what is deployed.

    Exit code 3: data would be deleted that `platform.acknowledge` does not name. A stale acknowledgement is reported
    and does not stop a release.
    """
    from batchctl.preview import pages
    from batchctl.preview.comment import approval, engine_plan
    from batchctl.preview.revision import acknowledged

    here = projects.load(project) if project else projects.find()
    planned = engine_plan.read(plan)
    page = pages.page(planned.comparison(acknowledged(here.stack(planned.stack))))
    print(approval.text(page, planned, commit))
    if summary:
        summary.write_text(approval.summary(page, planned), encoding="utf-8")
    if planned.errors:
        raise typer.Exit(PROBLEM)
    raise typer.Exit(DATA_LOSS if page.code == DATA_LOSS else OK)


@app.command()
def cost(
    stack: Annotated[str, typer.Option("--stack", "-s", help="Committed stack; nothing needs to be deployed.")] = "dev",
    shards: Annotated[int | None, typer.Option(help="Shards of the night; default 10.", min=1)] = None,
    shard_seconds: Annotated[
        float | None, typer.Option(help="Seconds of work of a shard; default: as measured.", min=0.001)
    ] = None,
    delivery: Annotated[
        bool,
        typer.Option("--delivery", help="The tooling stack too: a month of it, and a release."),
    ] = False,
    prices: PricesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a stack costs, idle and for a night, how long that night takes, and the network with NAT gateways."""
    from batchctl import costs
    from batchctl.costs import prices as price_tables
    from batchctl.program import recorded, stack_settings

    here = projects.find()
    file = here.stack(stack)
    table = price_tables.load_prices(prices)
    with garbage_collection_off():
        graph = recorded(here, file, "resolved").graph(here.name)
    usual = costs.RunAssumptions()
    assumed = replace(usual, shards=shards or usual.shards, shard_seconds=shard_seconds or usual.shard_seconds)
    config = stack_settings(file)
    bills = {
        "Idle, a month": ("idle", costs.idle_cost(graph, table)),
        f"A night with {assumed.shards:,} shards of {assumed.shard_seconds:.2g} s": (
            "run",
            costs.run_cost(config, table, assumed),
        ),
        "NAT in the same zones instead, a month": ("nat", costs.nat_alternative(graph, table)),
        "One NAT for all zones instead, a month": ("one_nat", costs.nat_alternative(graph, table, 1)),
    }
    if delivery:
        bills |= _delivery_bills(table)
    minutes = costs.run_minutes(config, assumed)
    if as_json:
        print_json(
            {
                **{
                    name: {"total": bill.total, "rows": [asdict(row) for row in bill.rows]}
                    for name, bill in bills.values()
                },
                "run_minutes": minutes,
                "window_minutes": config.workflow.deadline.window_seconds / 60,
            }
        )
        return
    for title, (_, bill) in bills.items():
        console().print(_bill(title, bill))
    console().print(costs.time_summary(config, assumed))
    console().print(costs.config_warning(assumed))


def _delivery_bills(table: Prices) -> dict[str, tuple[str, costs.CostTable]]:
    """Of the tooling stack, as its committed file describes it; with a pipeline even where it names no repository."""
    from batchctl import costs
    from batchctl.program import recorded

    tooling = projects.load(projects.find().root / "tooling")
    file = tooling.stack("tooling")
    section = {"repository": "owner/name", **file.config.get("batch-platform:delivery", {})}
    described = replace(file, config={**file.config, "batch-platform:delivery": section})
    with garbage_collection_off():
        graph = recorded(tooling, described, "resolved").graph(tooling.name)
    return {
        "The tooling stack, idle, a month": ("tooling", costs.idle_cost(graph, table)),
        "A release through its pipeline, and each stack scanned once more": (
            "release",
            costs.release_cost(graph, table),
        ),
    }


def _bill(title: str, bill: costs.CostTable) -> Table:
    from batchctl.costs import readable

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_footer=True)
    table.add_column("resource", footer="total")
    for column in ("what", "quantity", "unit"):
        table.add_column(column)
    table.add_column("USD", justify="right", footer=f"{bill.total:,.2f}")
    for row in bill.rows:
        table.add_row(row.resource, row.what, readable(row.quantity), row.unit, f"{row.usd:,.4f}")
    return table
