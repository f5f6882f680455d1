"""Runs the mutants on each committed stack, recorded in both modes, and says which rules noticed which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from batchctl import project as projects
from batchctl.preview.recording import MODES, Mode, record
from policy.rules import ALL_RULES, Finding, Graph, Verdict, evaluate
from tooling import every_setting

from .delivery import with_synthetic
from .model import Mutant, first
from .options import EVERY_SETTING
from .table import MUTANTS

ROOT = Path(__file__).resolve().parents[3]
STACKS = ("dev", "prod")
Expected = Literal["fail", "undecided", "silent"]

ACCOUNTING = frozenset(rule.name for rule in ALL_RULES if "table" in rule.tags or "closed" in rule.tags)
"""Rules that account for everything: they notice most of what another rule is about, too."""

_REPORTED = (Verdict.FAIL, Verdict.CRASH)


@cache
def base(stack: str, mode: Mode) -> Graph:
    """A committed stack, or dev with every setting on, as recorded, with the synthetic resources."""
    project = projects.load(ROOT)
    file = project.stack("dev" if stack == EVERY_SETTING else stack)
    config = {**file.config, **every_setting.EVERY_SETTING} if stack == EVERY_SETTING else file.config
    recording = record(
        ROOT, project=project.name, stack=file.name, config=config, secret_keys=file.secret_keys, mode=mode
    )
    return with_synthetic(recording.graph(project.name))


@cache
def base_findings(stack: str, mode: Mode) -> tuple[Finding, ...]:
    """What the rules say of the stack before it is broken."""
    return tuple(evaluate(base(stack, mode), {}))


@dataclass(frozen=True)
class Outcome:
    """What the rules reported for one mutant in one stack and mode."""

    mutant: Mutant
    stack: str
    mode: Mode
    verdict: Expected
    """Of the expected rule on the expected resource."""
    fired: frozenset[str]
    """Rules that newly fail, wherever; without the one that lists undecided rules."""

    @property
    def killed(self) -> bool:
        """Noticed: failed, or in unknown mode at least not passed."""
        return self.verdict == "fail" or (self.mode == "unknown" and self.verdict == "undecided")

    @property
    def exact(self) -> bool:
        """No rule fired but the expected one, those declared to notice the same, and those that account for all."""
        return self.fired <= {self.mutant.rule, *self.mutant.also, *ACCOUNTING}


def outcome(mutant: Mutant, stack: str, mode: Mode) -> Outcome:
    """Breaks the stack and asks the rules."""
    graph = base(stack, mode)
    one = first(graph, mutant.kind, mutant.name)
    blamed = mutant.blames(graph, one).urn
    before = base_findings(stack, mode)
    after = evaluate(mutant.do(graph, one), mutant.config)
    ids_before = {finding.id for finding in before if finding.verdict in _REPORTED}
    new = [finding for finding in after if finding.verdict in _REPORTED and finding.id not in ids_before]
    here = {
        f.verdict
        for f in after
        if f.rule == mutant.rule and f.urn == blamed and (f in new or f.verdict not in _REPORTED)
    }
    verdict: Expected = "fail" if Verdict.FAIL in here else "undecided" if Verdict.UNDECIDED in here else "silent"
    listing = {"undecided-rules-reported"} - {mutant.rule}
    return Outcome(mutant, stack, mode, verdict, frozenset(finding.rule for finding in new) - listing)


def outcomes() -> Iterator[Outcome]:
    """Every mutant in every stack and mode it is meant for."""
    for mutant in MUTANTS:
        for stack in mutant.stacks:
            for mode in MODES:
                yield outcome(mutant, stack, mode)


def printed(results: Iterable[Outcome]) -> str:
    """The matrix as text: a line a mutant, then the scores."""
    grouped: dict[str, list[Outcome]] = {}
    for one in results:
        grouped.setdefault(one.mutant.label, []).append(one)
    marks: Mapping[Expected, str] = {"fail": "F", "undecided": "u", "silent": "-"}
    stacks = (*STACKS, EVERY_SETTING)
    columns = ", ".join(f"{stack} {mode}" for stack in stacks for mode in MODES)
    lines = [f"columns: {columns}; F fail, u undecided, - silent, . not run", ""]
    for label, of_one in grouped.items():
        cells = {(o.stack, o.mode): marks[o.verdict] for o in of_one}
        row = "".join(cells.get((stack, mode), ".") for stack in stacks for mode in MODES)
        others = sorted({rule for o in of_one for rule in o.fired} - {of_one[0].mutant.rule})
        lines.append(f"{row}  {label}" + (f"  (also {', '.join(others)})" if others else ""))
    everything = [o for of_one in grouped.values() for o in of_one]
    rules = {rule.name for rule in ALL_RULES}
    lines += [
        "",
        f"{len(MUTANTS)} mutants of {len({o.mutant.rule for o in everything})} of {len(rules)} rules, "
        f"{len(everything)} runs: {sum(o.killed for o in everything)} noticed on the right resource, "
        f"{sum(o.exact for o in everything)} exact",
    ]
    return "\n".join(lines)
