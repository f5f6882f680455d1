"""Runs generated mutants and says which a mandatory rule kills on the right resource."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Literal

from batchctl.policy.mutants.matrix import base
from batchctl.preview.recording import Mode
from policy.rules import ALL_RULES, Finding, Graph, Kind, Level, Verdict, View, committed, evaluate, from_config, run

from .generator import Generated, Generator
from .harmless import reason

Fate = Literal["killed", "elsewhere", "advisory", "crashed", "undecided", "harmless", "survived"]
SUBJECTS = {
    "ec2": "network",
    "vpc": "network",
    "s3": "storage",
    "ecr": "storage",
    "dynamodb": "storage",
    "ecs": "compute",
    "appautoscaling": "compute",
    "iam": "access",
    "kms": "access",
    "sfn": "workflow",
    "scheduler": "workflow",
    "sns": "messages",
    "sqs": "messages",
    "cloudwatch": "observation",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mutant."""

    stack: str
    mode: Mode
    kind: str
    type: str
    path: str
    slip: str
    resource: str
    fate: Fate
    rules: tuple[str, ...]

    @property
    def pair(self) -> str:
        """Stack and mode."""
        return f"{self.stack}, {self.mode}"

    @property
    def subject(self) -> str:
        """The part of the platform."""
        return "inventory" if self.kind == "type" else SUBJECTS.get(self.type.split(":")[1].partition("/")[0], "other")


@cache
def mutants(stack: str, mode: Mode) -> Sequence[Generated]:
    """All mutants of a committed stack."""
    return tuple(Generator(base(stack, mode)).all())


def sampled(stack: str, mode: Mode, one_in: int) -> Iterator[int]:
    """Indices of the mutants of which one in so many is taken, the same ones each time."""
    for index, one in enumerate(mutants(stack, mode)):
        digest = hashlib.sha256(one.label.encode()).digest()
        if int.from_bytes(digest[:4], "big") % one_in == 0:
            yield index


_FAILING = (Verdict.FAIL, Verdict.CRASH)


@cache
def _before(stack: str, mode: Mode) -> frozenset[tuple[str, str]]:
    return _failing(evaluate(base(stack, mode), {}))


def _failing(findings: Iterable[Finding]) -> frozenset[tuple[str, str]]:
    return frozenset((one.id, one.message) for one in findings if one.verdict in _FAILING)


def outcome(stack: str, mode: Mode, index: int) -> Outcome:
    """Breaks the stack and asks the rules."""
    mutant = mutants(stack, mode)[index]
    broken = mutant.make()
    killer = _first_killer(mutant, broken, _before(stack, mode))
    if killer:
        fate: Fate = "killed"
        rules: tuple[str, ...] = (killer,)
    elif reason(mutant) or (mode == "unknown" and _is_killed_when_known(stack, mutant)):
        fate, rules = "harmless", ()
    else:
        fate, rules = _fate(mutant, broken, stack, mode)
    return Outcome(stack, mode, mutant.kind, mutant.type, mutant.path, mutant.slip, mutant.resource, fate, rules)


def _is_killed_when_known(stack: str, mutant: Generated) -> bool:
    """Whether the mutant may wait until values are known, and all that change the same property then are killed."""
    if not reason(mutant, until_known=True):
        return False
    alike = _alike(stack).get((mutant.kind, mutant.type, mutant.path, mutant.resource), ())
    return bool(alike) and all(outcome(stack, "resolved", index).fate in ("killed", "harmless") for index in alike)


@cache
def _alike(stack: str) -> dict[tuple[str, ...], tuple[int, ...]]:
    """The mutants with values known, by what they change; a sibling is another one there."""
    result: dict[tuple[str, ...], tuple[int, ...]] = {}
    for index, one in enumerate(mutants(stack, "resolved")):
        key = (one.kind, one.type, one.path, one.resource)
        result[key] = (*result.get(key, ()), index)
    return result


def _fate(mutant: Generated, broken: Graph, stack: str, mode: Mode) -> tuple[Fate, tuple[str, ...]]:
    """What the whole pack says of a mutant that no rule about the resources near it kills."""
    before = _before(stack, mode)
    findings = evaluate(broken, {})
    new = [one for one in findings if one.verdict in _FAILING and (one.id, one.message) not in before]
    mandatory = [one for one in new if one.level is Level.MANDATORY]
    names = tuple(sorted({one.rule for one in new}))
    if any(one.urn in mutant.blamable and one.verdict is Verdict.FAIL for one in mandatory):
        return "killed", names  # by a rule about another resource that names this one
    if any(one.verdict is Verdict.CRASH for one in mandatory):
        return "crashed", names
    if mandatory:
        return "elsewhere", names
    if new:
        return "advisory", names
    return "survived", names


def _first_killer(mutant: Generated, broken: Graph, before: frozenset[tuple[str, str]]) -> str:
    """The first mandatory rule that fails on the right resource; nothing when none does.

    Most mutants are killed by a table's rule on the changed resource itself, so that is asked first.
    """
    config = committed()
    near = [one for urn in sorted(mutant.blamable) if (one := broken.get(urn)) is not None]
    near.sort(key=lambda one: one.name != mutant.resource)
    for rule in sorted(_MANDATORY, key=lambda rule: "table" not in rule.tags):
        settings = from_config(config.get(rule.name, {}), broken.stack)
        view = View(settings=settings, stack=broken if rule.kind is Kind.STACK else None)
        subjects = near if rule.types else [broken.root]
        for subject in subjects:
            if rule.types and not rule.about(subject.type):
                continue
            for finding in run(rule, subject, view):
                if (
                    finding.verdict is Verdict.FAIL
                    and finding.urn in mutant.blamable
                    and (finding.id, finding.message) not in before
                ):
                    return rule.name
    return ""


_MANDATORY = tuple(rule for rule in ALL_RULES if rule.level is Level.MANDATORY and not rule.last)


def outcomes(stacks: Iterable[str], modes: Iterable[Mode], one_in: int = 1, workers: int = 1) -> list[Outcome]:
    """The outcomes of a sample, or of all; in several processes if asked for."""
    chosen = [(stack, mode, i) for stack in stacks for mode in modes for i in sampled(stack, mode, one_in)]
    if workers == 1:
        return [outcome(*one) for one in chosen]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_outcome, chosen, chunksize=200))


def _outcome(one: tuple[str, Mode, int]) -> Outcome:
    return outcome(*one)


def table(results: Sequence[Outcome], by: str = "subject") -> str:
    """The score as a Markdown table, by `subject`, `kind`, or `pair` (stack and mode)."""
    counts: dict[str, Counter[str]] = {}
    for one in results:
        counts.setdefault(getattr(one, by), Counter())[one.fate] += 1
    title = "stack and mode" if by == "pair" else by
    lines = [f"| {title} | mutants | harmless | killed | score |", "|---|---|---|---|---|"]
    total: Counter[str] = Counter()
    for name, count in sorted(counts.items()):
        lines.append(_row(name, count))
        total += count
    return "\n".join([*lines, _row("all", total)])


def _row(name: str, count: Counter[str]) -> str:
    judged = count.total() - count["harmless"]
    share = f"{100 * count['killed'] / judged:.1f} %" if judged else "—"
    return f"| {name} | {count.total()} | {count['harmless']} | {count['killed']} | {share} |"
