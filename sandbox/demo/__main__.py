"""`python -m sandbox.demo`: a whole night on this machine, from the client's manifest to the report, without a cloud.

The deployed workflow's own definition, the three jobs as processes, an emulated account on loopback. Nothing here knows
how a night goes: that is the state machine's affair.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from batchctl.errors import OperatorError

from . import portfolio
from .display import Display, show_failure, show_files, show_next, show_success

DEFAULT_OUT = Path("demo-output")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when there is a report, 1 when the night failed, 2 for a wrong argument."""
    chosen = _parse(arguments)
    console = Console()
    try:
        return _night(console, chosen)
    except OperatorError as error:
        console.print(f"[red]{escape(str(error))}", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("stopped")
        return 130


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("--trades", type=int, default=10_000, help="rows of the made-up portfolio (default 10000)")
    parser.add_argument("--stack", default="dev", help="the committed stack whose workflow runs (default dev)")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help=f"folder for the report (default {DEFAULT_OUT})")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another portfolio (default 1)")
    parser.add_argument(
        "--books",
        type=int,
        choices=portfolio.BOOKS,
        default=portfolio.BOOKS[0],
        help="books of the portfolio: 15, three on each desk (default), or 3, one for each region",
    )
    chosen = parser.parse_args(arguments)
    if not portfolio.FILES <= chosen.trades <= 5_000_000:
        parser.error(f"--trades must be {portfolio.FILES} to 5000000, got {chosen.trades}; write --trades 10000")
    return chosen


def _night(console: Console, chosen: argparse.Namespace) -> int:
    start = time.perf_counter()
    _require_writable(chosen.out)
    with console.status("reading the program and its workflow"):
        # Slow to import (Pulumi's aws SDK, the emulator), so that --help and a typing error answer at once.
        from . import night
        from .account import emulated, read_blueprint

        blueprint = read_blueprint(chosen.stack)
    with emulated(blueprint) as account, Display(console) as display:
        folder = night.Folder(chosen.out.resolve())
        sent = night.send(account, folder, display, trades=chosen.trades, seed=chosen.seed, books=chosen.books)
        execution = night.run(account, folder, display, sent)
        announced = account.notifications()
        finished = execution.status == "SUCCEEDED"
        report = night.fetch_report(account, folder, sent.business_date) if finished else None
    if report is None:
        show_failure(console, execution, folder.tasks)
        return 1
    show_success(console, report, announced, time.perf_counter() - start)
    show_files(console, folder.files(report))
    show_next(console, chosen.out)
    return 0


def _require_writable(folder: Path) -> None:
    """Refuse a folder that cannot take the report, before a minute is spent on it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OperatorError(
            f"--out {folder} cannot be written: {error.strerror}. Name a folder that can, for example "
            f"--out {Path(tempfile.gettempdir()) / DEFAULT_OUT}"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
