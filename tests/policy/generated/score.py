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
from policy.rules import Finding, Graph, Level, Verdict, evaluate

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
    fate, rules = _fate(mutant, broken, stack, mode)
    if fate != "killed" and reason(mutant):
        fate = "harmless"
    return Outcome(stack, mode, mutant.kind, mutant.type, mutant.path, mutant.slip, mutant.resource, fate, rules)


def _fate(mutant: Generated, broken: Graph, stack: str, mode: Mode) -> tuple[Fate, tuple[str, ...]]:
    before = _before(stack, mode)
    findings = evaluate(broken, {})
    new = [one for one in findings if one.verdict in _FAILING and (one.id, one.message) not in before]
    mandatory = [one for one in new if one.level is Level.MANDATORY]
    killing = [one for one in mandatory if one.urn in mutant.blamable and one.verdict is Verdict.FAIL]
    names = tuple(sorted({one.rule for one in killing or new}))
    if killing:
        return "killed", names
    if any(one.verdict is Verdict.CRASH for one in mandatory):
        return "crashed", names
    if mandatory:
        return "elsewhere", names
    if new:
        return "advisory", names
    return "survived", names


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
    """The score as a Markdown table, by subject or by kind."""
    counts: dict[str, Counter[str]] = {}
    for one in results:
        counts.setdefault(getattr(one, by), Counter())[one.fate] += 1
    lines = [f"| {by} | mutants | harmless | killed | score |", "|---|---|---|---|---|"]
    total: Counter[str] = Counter()
    for name, count in sorted(counts.items()):
        lines.append(_row(name, count))
        total += count
    return "\n".join([*lines, _row("all", total)])


def _row(name: str, count: Counter[str]) -> str:
    judged = count.total() - count["harmless"]
    share = f"{100 * count['killed'] / judged:.1f} %" if judged else "—"
    return f"| {name} | {count.total()} | {count['harmless']} | {count['killed']} | {share} |"
