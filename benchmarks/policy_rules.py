"""CPU time of the policy rules on a stack of about 400 resources: per-rule medians and the whole pack.

Run: `python -m benchmarks.policy_rules [--resources 400] [--repeats 30] [--write docs/policy/rules-cpu.md]`. The
graph is the recorded prod stack, copied under other names with its edges until it is large enough. Measures
`evaluate` as `batchctl preview` calls it, and the pack as the engine calls it, through the policy SDK. Exit code 1
when that takes longer than 0.3 seconds. `policy_preview.py` measures what that means for a preview.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from batchctl import project as projects
from batchctl.preview.recording import record
from policy.rules import ALL_RULES, Graph, Resource, evaluate
from tests.policy.servicer import StartedPack

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 0.3


def grown(graph: Graph, size: int) -> Graph:
    """Copies of the stack side by side in one graph, each with its own ids, names and edges: `size` resources."""
    resources: list[Resource] = []
    copy = 0
    while len(resources) < size:
        resources += [_copied(one, copy) for one in graph.resources]
        copy += 1
    return Graph(resources[:size], project=graph.project, stack=graph.stack, outputs=graph.outputs)


def _copied(one: Resource, copy: int) -> Resource:
    def urn(names: str) -> str:
        return f"{names}-{copy}"

    identity = {key: f"{one.props[key]}-{copy}" for key in ("id", "arn") if isinstance(one.props.get(key), str)}
    return replace(
        one,
        urn=urn(one.urn),
        name=f"{one.name}-{copy}",
        props={**one.props, **identity},
        dependencies=tuple(map(urn, one.dependencies)),
        property_dependencies={key: tuple(map(urn, urns)) for key, urns in one.property_dependencies.items()},
    )


def cpu_seconds(act: Callable[[], Any], repeats: int) -> list[float]:
    """CPU seconds of each of `repeats` runs, the first one (cold) apart."""
    act()
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        act()
        times.append(time.process_time() - begun)
    return times


def as_engine(graph: Graph) -> Callable[[], Any]:
    """A call that sends the stack to the pack as the engine does; building the requests is not part of it."""
    started = StartedPack()
    requests = [StartedPack.request(one) for one in graph if one.custom]
    whole = StartedPack.stack_request(graph)

    def act() -> None:
        for request in requests:
            started.servicer.Analyze(request, None)
        started.servicer.AnalyzeStack(whole, None)

    return act


def main() -> int:
    """Prints the table; 1 when the pack is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resources", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--write", type=Path, help="write the page, for example docs/policy/rules-cpu.md")
    chosen = parser.parse_args()
    project = projects.load(ROOT)
    file = project.stack("prod")
    config: Mapping[str, Any] = file.config
    recording = record(
        ROOT, project=project.name, stack="prod", config=config, secret_keys=file.secret_keys, mode="resolved"
    )
    graph = grown(recording.graph(project.name), chosen.resources)

    def fresh() -> Graph:
        # what a graph remembers (`Graph.cached`) must be paid for in every run
        return Graph(graph.resources, project=graph.project, stack=graph.stack, outputs=graph.outputs)

    index = statistics.median(cpu_seconds(fresh, chosen.repeats))
    rows = []
    for rule in ALL_RULES:
        times = cpu_seconds(lambda rule=rule: evaluate(fresh(), {}, rules=(rule,)), chosen.repeats)  # type: ignore[misc]
        milliseconds = sorted(max(0.0, seconds - index) * 1000 for seconds in times)
        rows.append((statistics.median(milliseconds), milliseconds[int(len(milliseconds) * 0.95)], rule.name))
    whole = cpu_seconds(lambda: evaluate(fresh(), {}), chosen.repeats)
    print(f"{len(graph)} resources, {chosen.repeats} repeats, CPU milliseconds; cold start and indexing apart")
    print(f"{'median':>9} {'p95':>9}  rule")
    for median, p95, name in sorted(rows, reverse=True):
        print(f"{median:9.3f} {p95:9.3f}  {name}")
    print(f"{index * 1000:9.3f} {'':9}  indexing the graph")
    print(f"{statistics.median(whole) * 1000:9.3f} {max(whole) * 1000:9.3f}  the whole pack (median, slowest)")
    engine = cpu_seconds(as_engine(graph), max(5, chosen.repeats // 6))
    print(f"{statistics.median(engine) * 1000:9.3f} {max(engine) * 1000:9.3f}  the same through the policy SDK")
    if chosen.write:
        chosen.write.write_text(page(len(graph), rows, whole, engine), encoding="utf-8")
    return int(min(engine) > LIMIT_SECONDS)


def page(resources: int, rows: Sequence[tuple[float, float, str]], whole: list[float], engine: list[float]) -> str:
    """The document: the whole pack through both ways, and the slowest rules."""
    from benchmarks._machine import machine

    verdict = "held" if min(engine) <= LIMIT_SECONDS else "NOT held in this run"
    slowest = "\n".join(f"| {name} | {median:.1f} |" for median, _, name in sorted(rows, reverse=True)[:10])
    return f"""# How long the policy rules take

Written by `python -m benchmarks.policy_rules --write docs/policy/rules-cpu.md`, which `make benchmarks` runs as well.
CPU time on {resources} resources (the recorded prod stack, copied under other names), without starting Python.

| {resources} resources | fastest, s | median, s | slowest, s |
|---|---:|---:|---:|
| `batchctl preview` (`evaluate`) | {min(whole):.3f} | {statistics.median(whole):.3f} | {max(whole):.3f} |
| the engine, through the policy SDK | {min(engine):.3f} | {statistics.median(engine):.3f} | {max(engine):.3f} |

The limit for the engine's fastest run, which other work disturbs least, is {LIMIT_SECONDS} s: {verdict}, with a load of
{os.getloadavg()[0]:.0f} on {os.cpu_count()} cores.

| the ten slowest rules | median, ms |
|---|---:|
{slowest}

On {date.today().isoformat()}: {machine()}.
"""


if __name__ == "__main__":
    sys.exit(main())
