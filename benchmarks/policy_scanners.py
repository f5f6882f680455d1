"""cfn-lint, checkov and the policy pack on the same generated mistakes, drawn with a fixed seed, in one table.

Run: `python -m benchmarks.policy_scanners [--mistakes 300] [--write docs/policy/scanners.md]`. The mistakes are drawn
from all generated mutants of dev with values known (`tests/policy/generated`), whatever the pack says of them; those
that its table of harmless ones explains stand in a table of their own. Each changed resource is translated, for
cfn-lint with what CloudFormation has for it, for checkov as Terraform together with what it is next to. A scanner
notices a mistake when it says something of the changed resource that it does not say of the right one. What a format
cannot express (options of the engine, types that are not translated) it cannot notice, and the table says how many
those are. Both are fetched by `uv tool run` in the versions that tests/security pins.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from batchctl.policy.mutants.matrix import base
from policy.rules import Graph, Resource
from tests.policy.generated import score
from tests.policy.generated.generator import Generated
from tests.policy.generated.harmless import reason
from tests.security import scanners
from tests.security.cloudformation import translated
from tests.security.terraform import terraform

SEED: Final = 16
STACK: Final = "dev"
HEAD: Final = """# cfn-lint, checkov and the pack on the same mistakes

Written by `python -m benchmarks.policy_scanners --write docs/policy/scanners.md`: {count} mistakes, drawn with the
seed {seed} from all {all:,} generated mutants of the stack dev, each one change to one resource. Nothing was left out:
what `tests/policy/generated/harmless.py` says nobody needs to notice was drawn as well, and has a table of its own, in
which each mistake that a scanner notices speaks against that entry. {cfn_lint} and {checkov} read the changed
resource in the language that they are made for. They know no platform: what a name, a grant or an alarm must be *here*
they cannot say, and they are not made for it. The tables show what each is for, and why none replaces the others: the
two look at what nobody here wrote down ([security](../security.md) has checkov's findings).

"""


@dataclass(frozen=True, slots=True)
class Noticed:
    """What each tool makes of one mistake; None: it cannot be expressed in the tool's language."""

    kind: str
    harmless: str | None
    """Why nobody needs to notice it, where the pack's table of harmless changes says so."""
    pack: bool
    cfn_lint: bool | None
    checkov: bool | None


def drawn(count: int) -> list[int]:
    """Indices of mutants, drawn from all."""
    return sorted(random.Random(SEED).sample(range(len(score.mutants(STACK, "resolved"))), count))


def _changed(mutant: Generated, graph: Graph) -> tuple[Resource | None, Resource | None]:
    """The resource as it is and as it should be."""
    broken = mutant.make()
    right = next((one for one in graph if one.name == mutant.resource and one.type == mutant.type), None)
    return next((one for one in broken if one.name == mutant.resource and one.type == mutant.type), None), right


def _by_cfn_lint(mutants: Mapping[int, Generated], graph: Graph, folder: Path) -> dict[int, bool]:
    """Which mistakes cfn-lint notices; those that CloudFormation cannot express are left out."""
    resources: dict[str, object] = {}
    for index, mutant in mutants.items():
        pair = [translated(one) if one is not None else None for one in _changed(mutant, graph)]
        if all(pair) and pair[0] != pair[1]:
            resources |= {f"Broken{index}": pair[0], f"Right{index}": pair[1]}
    checks: dict[str, Counter[str]] = {}
    names = list(resources)
    for begin in range(0, len(names), 400):  # CloudFormation takes 500 resources in a template
        template = folder / f"template-{begin}.json"
        template.write_text(json.dumps({"Resources": {name: resources[name] for name in names[begin : begin + 400]}}))
        for finding in scanners.cfn_lint(template):
            checks.setdefault(finding.resource, Counter())[finding.check] += 1
    none: Counter[str] = Counter()
    return {
        index: bool(checks.get(f"Broken{index}", none) - checks.get(f"Right{index}", none))
        for index in mutants
        if f"Broken{index}" in resources
    }


def _by_checkov(mutants: Mapping[int, Generated], graph: Graph, folder: Path) -> dict[int, bool]:
    """Which mistakes checkov notices; what is Terraform's as well as the engine's alone is left out."""
    compared = {}
    for index, mutant in mutants.items():
        broken, right = _changed(mutant, graph)
        around = [graph.get(urn) for urn in sorted(mutant.blamable)][:6]
        near = [one for one in around if one is not None and one.custom and one.name != mutant.resource]
        texts = [terraform(_graph([*near, *([one] if one else [])], graph)) for one in (broken, right)]
        if texts[0] != texts[1]:
            compared[index] = right or broken
            for name, text in zip(("broken", "right"), texts, strict=True):
                (folder / f"{name}{index}").mkdir()
                (folder / f"{name}{index}" / "main.tf").write_text(text)
    checks = scanners.checkov_by_folder(folder)
    none: Counter[str] = Counter()
    return {index: bool(checks.get(f"broken{index}", none) - checks.get(f"right{index}", none)) for index in compared}


def _graph(resources: Sequence[Resource], graph: Graph) -> Graph:
    return Graph(resources, project=graph.project, stack=graph.stack, outputs={})


def _outcome(index: int) -> score.Outcome:
    return score.outcome(STACK, "resolved", index)


def table(results: Sequence[Noticed]) -> str:
    """By kind of mistake: how many, and of those that a tool can read, how many it notices."""
    lines = [
        "| kind of mistake | mistakes | the pack | cfn-lint | checkov |",
        "|---|---|---|---|---|",
    ]
    groups = {kind: [one for one in results if one.kind == kind] for kind in sorted({one.kind for one in results})}
    for kind, group in (*groups.items(), ("all", list(results))):
        cells = [str(sum(one.pack for one in group))]
        for tool in ("cfn_lint", "checkov"):
            read = [noticed for one in group if (noticed := getattr(one, tool)) is not None]
            cells.append(f"{sum(read)} of {len(read)}" if read else "—")
        lines.append(f"| {kind} | {len(group)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def tables(results: Sequence[Noticed]) -> str:
    """What somebody should notice, and what is declared harmless; of the latter each one that a scanner notices."""
    parts = ["## What somebody should notice", table([one for one in results if one.harmless is None])]
    declared = [one for one in results if one.harmless is not None]
    parts += ["## What is declared harmless", table(declared)]
    noticed = Counter(
        f"| {tool} | {one.kind} | {one.harmless} |"
        for one in declared
        for tool, saw in (("cfn-lint", one.cfn_lint), ("checkov", one.checkov))
        if saw
    )
    if noticed:
        rows = [f"| {times} {row}" for row, times in noticed.most_common()]
        head = "| mistakes | noticed by | kind of mistake | why it is declared harmless |\n|---|---|---|---|\n"
        parts.append("Of these the scanners notice:\n\n" + head + "\n".join(rows))
    return "\n\n".join(parts)


def main() -> int:
    """Prints the table; writes it as a page where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mistakes", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    graph, indices = base(STACK, "resolved"), drawn(chosen.mistakes)
    mutants = {index: score.mutants(STACK, "resolved")[index] for index in indices}
    with ProcessPoolExecutor(chosen.workers) as pool:
        outcomes = dict(zip(indices, pool.map(_outcome, indices, chunksize=20), strict=True))
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        by_cfn_lint = _by_cfn_lint(mutants, graph, Path(first))
        by_checkov = _by_checkov(mutants, graph, Path(second))
    results = [
        Noticed(one.kind, reason(mutants[index]), one.fate == "killed", by_cfn_lint.get(index), by_checkov.get(index))
        for index, one in outcomes.items()
    ]
    text = tables(results)
    print(text)
    if chosen.write:
        versions = {"cfn_lint": scanners.CFN_LINT[1], "checkov": scanners.CHECKOV[1]}
        head = HEAD.format(count=len(results), seed=SEED, all=len(score.mutants(STACK, "resolved")), **versions)
        note = "\n\n*N of M*: M of the mistakes can be said in the tool's language, and N of them it notices.\n"
        chosen.write.write_text(head + text + note, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
