"""CPU time of the policy rules on a stack of about 400 resources: per-rule medians and the whole pack.

Run: `python -m benchmarks.policy_rules [--resources 400] [--repeats 30]`. The graph is the recorded prod stack, copied
under other names with its edges until it is large enough. Exit code 1 when the whole pack takes longer than a second.
Measures `evaluate` as `batchctl preview` calls it, and the pack as the engine calls it (the SDK reads a resource anew
for every policy). `policy_preview.py` measures what that means for a preview.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from batchctl import project as projects
from batchctl.preview.recording import record
from policy.rules import ALL_RULES, Graph, Resource, evaluate
from tests.policy.servicer import StartedPack

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 1.0


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
    chosen = parser.parse_args()
    project = projects.load(ROOT)
    file = project.stack("prod")
    config: Mapping[str, Any] = file.config
    recording = record(
        ROOT, project=project.name, stack="prod", config=config, secret_keys=file.secret_keys, mode="resolved"
    )
    graph = grown(recording.graph(project.name), chosen.resources)

    def fresh() -> Graph:
        # what a graph remembers (`Graph.once`) must be paid for in every run
        return Graph(graph.resources, project=graph.project, stack=graph.stack, outputs=graph.outputs)

    index = statistics.median(cpu_seconds(fresh, chosen.repeats))
    rows = []
    for rule in ALL_RULES:
        times = cpu_seconds(lambda rule=rule: evaluate(fresh(), {}, rules=(rule,)), chosen.repeats)  # type: ignore[misc]
        own = sorted(max(0.0, seconds - index) * 1000 for seconds in times)
        rows.append((statistics.median(own), own[int(len(own) * 0.95)], rule.name))
    whole = cpu_seconds(lambda: evaluate(fresh(), {}), chosen.repeats)
    print(f"{len(graph)} resources, {chosen.repeats} repeats, CPU milliseconds; cold start and indexing apart")
    print(f"{'median':>9} {'p95':>9}  rule")
    for median, p95, name in sorted(rows, reverse=True):
        print(f"{median:9.3f} {p95:9.3f}  {name}")
    print(f"{index * 1000:9.3f} {'':9}  indexing the graph")
    print(f"{statistics.median(whole) * 1000:9.3f} {max(whole) * 1000:9.3f}  the whole pack (median, slowest)")
    engine = cpu_seconds(as_engine(graph), max(1, chosen.repeats // 6))
    print(f"{statistics.median(engine) * 1000:9.3f} {max(engine) * 1000:9.3f}  the same through the policy SDK")
    return int(max(whole) > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
