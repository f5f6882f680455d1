"""`nights`: how the last nights went, as a table or as a page."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .terminal import JsonOption, OutputsOption, PricesOption, StackOption, console, print_json

if TYPE_CHECKING:
    from batchctl.nights.gathering import Night, Nights

app = typer.Typer()


@app.command()
def nights(
    html: Annotated[
        Path | None, typer.Option("--html", help="File to write as one page for any browser, for example nights.html.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Newest nights to show.", min=1, max=366)] = 14,
    prices: PricesOption = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the last nights against their deadline: runs, retries, costs, what is late and why.

    With --html a page: nights as bars, and the last run's stages and shards in time.
    """
    from batchctl.costs import prices as price_tables
    from batchctl.html import write
    from batchctl.nights import gathering
    from batchctl.nights.page import page
    from batchctl.operate.stack import with_settings

    deployment, config = with_settings(stack, outputs)
    table = price_tables.load_prices(prices)
    gathered = gathering.gather(deployment, config, table, limit=limit)
    if html:
        write(html, page(gathered, priced_at=table["fargate.x86.vcpu"].read_in))
    if as_json:
        print_json([_as_json(night, gathered) for night in gathered.nights])
    elif html:
        print(f"wrote {html}: {len(gathered.nights)} nights")
    else:
        console().print(_table(gathered) if gathered.nights else "The ledger has no run yet.")


def _table(gathered: Nights) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("business date", "outcome", "runs", "retries", "USD"):
        table.add_column(column, overflow="fold")
    for night in gathered.nights:
        priced = all(run.usd is not None for run in night.runs)
        usd = f"{night.usd:.2f}" if priced else "-"
        verdict = night.verdict(gathered.asked_at)
        table.add_row(night.business_date, verdict, str(len(night.runs)), str(night.retries), usd)
    return table


def _as_json(night: Night, gathered: Nights) -> dict[str, object]:
    return {
        "business_date": night.business_date,
        "deadline": night.deadline.isoformat(),
        "verdict": night.verdict(gathered.asked_at),
        "retries": night.retries,
        "runs": [
            {
                **asdict(one.run),
                "retries": one.retries,
                "usd": one.usd,
                "attempts": [asdict(attempt) for attempt in one.attempts],
            }
            for one in night.runs
        ],
    }
