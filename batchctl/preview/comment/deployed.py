"""What the engine plans for a deployed stack beside what two revisions say, and each difference by its reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from batchctl.preview import replacement
from batchctl.preview.changes import Comparison
from batchctl.preview.descriptions import lines
from batchctl.preview.descriptions.line import arrow, code, dotted
from batchctl.preview.render import short_type
from batchctl.preview.snapshot import NOT_KNOWN
from policy.rules import Resource

from .engine_plan import EnginePlan

Key = tuple[str, str]
"""The engine's URN of a resource, and the top-level property; empty for the whole resource."""


@dataclass(frozen=True)
class PlanComparison:
    """One stack's plan beside the comparison of two revisions."""

    plan: EnginePlan
    agreed: int
    """Changes that both have."""
    not_deployed: tuple[str, ...]
    """What the plan has and the revisions have not: the base says it, the stack was never brought to it."""
    deployed_already: tuple[str, ...]
    """What the revisions have and the plan has not."""
    drift: tuple[str, ...]
    """What AWS has otherwise than the state."""
    provider: tuple[str, ...]
    """What the provider would change though the program sets the same as before."""
    replaced: tuple[str, ...]
    """Where the two do not agree on what is replaced."""


def compare_with_plan(offline: Comparison, plan: EnginePlan) -> PlanComparison:
    """`plan` beside the comparison of two revisions of the same stack."""
    engine = plan.comparison()
    in_code, in_plan = _keys(offline), _keys(engine)
    drifted = {(one.after.urn, change.top) for one in plan.drift for change in one.changes}
    return PlanComparison(
        plan=plan,
        agreed=len(in_code & in_plan),
        not_deployed=tuple(_worded(engine, in_plan - in_code)),
        deployed_already=() if plan.errors else tuple(_worded(offline, in_code - in_plan)),
        drift=tuple(_drift(plan)),
        provider=tuple(_provider(plan, in_plan | drifted)),
        replaced=tuple(_replaced(offline, engine, plan)),
    )


def _keys(comparison: Comparison) -> set[Key]:
    keys = {(comparison.head.engine_urn(one.urn), "") for one in comparison.added}
    keys |= {(comparison.base.engine_urn(one.urn), "") for one in comparison.removed}
    for changed in comparison.changed:
        urn = comparison.head.engine_urn(changed.after.urn)
        keys |= {(urn, change.top) for change in changed.changes if change.after != NOT_KNOWN}
    return keys


def _worded(comparison: Comparison, keys: set[Key]) -> Iterator[str]:
    """The usual lines about the changes with these keys."""
    head, base = comparison.head, comparison.base
    some = replace(
        comparison,
        added=tuple(one for one in comparison.added if (head.engine_urn(one.urn), "") in keys),
        removed=tuple(one for one in comparison.removed if (base.engine_urn(one.urn), "") in keys),
        changed=tuple(
            replace(one, changes=changes)
            for one in comparison.changed
            if (changes := tuple(c for c in one.changes if (head.engine_urn(one.after.urn), c.top) in keys))
        ),
        outputs=(),
    )
    for line in lines(some):
        resource = head.graph.get(line.urn) or base.graph.get(line.urn)
        yield f"{label(resource)}: {line.text}" if resource else line.text


def label(resource: Resource) -> str:
    """A resource by its type and logical name."""
    return f"{short_type(resource.type)} {code(resource.name)}"


def _drift(plan: EnginePlan) -> Iterator[str]:
    for one in plan.drift:
        for change in one.changes:
            values = arrow(change.before, change.after)
            yield f"{label(one.after)}: {code(dotted(change.path))}: {values} outside of Pulumi"
    yield from (f"{label(resource)}: is gone from AWS; the next `pulumi up` makes it anew" for resource in plan.gone)


def _provider(plan: EnginePlan, explained: set[Key]) -> Iterator[str]:
    """Reasons of updates that neither the program nor drift explains."""
    for urn, tops in plan.reasons.items():
        resource = plan.planned.graph.get(urn)
        if resource is None or plan.operations[urn] != "update":
            continue
        for top in tops:
            if (urn, top) not in explained:
                yield f"{label(resource)}: {code(top)}, which the program sets as before"


def _replaced(offline: Comparison, engine: Comparison, plan: EnginePlan) -> Iterator[str]:
    expected = {
        offline.head.engine_urn(one.resource.urn): one
        for one in replacement.replacements(offline)
        if one.certain and not one.routine
    }
    for urn, properties in plan.replacements.items():
        resource = engine.head.graph.get(urn)
        if urn not in expected and resource is not None and resource.type not in replacement.REVISED:
            yield f"{label(resource)}: the engine replaces it because of {', '.join(map(code, properties))}"
    for urn, one in expected.items() if not plan.errors else ():
        if urn not in plan.replacements and engine.base.graph.get(urn):
            yield f"{label(one.resource)}: the engine does not replace it"


def markdown(result: PlanComparison) -> Iterator[str]:
    """The section of a comment, each kind of difference under its name."""
    counts = ", ".join(f"{n} to {op}" for op, n in sorted(_counted(result.plan).items())) or "nothing to change"
    yield f"**Deployed state** (`pulumi preview`): {counts}. {_agreement(result)}"
    yield ""
    for title, texts in (
        ("Replaced otherwise than shown above", result.replaced),
        ("Drift: AWS has it otherwise than the last `pulumi up` left it; the next one sets it back", result.drift),
        ("Never deployed: the base branch has it, the stack has not, and `pulumi up` does it too", result.not_deployed),
        ("Deployed already: no change to the stack", result.deployed_already),
        ("Provider defaults: the provider changes it though the program sets the same", result.provider),
        ("The engine stopped; what it would do beyond is not known", result.plan.errors),
    ):
        if texts:
            yield f"<details><summary>{title} ({len(texts)})</summary>"
            yield ""
            yield from (f"- {' '.join(text.split())}" for text in texts[:40])
            if len(texts) > 40:
                yield f"- … and {len(texts) - 40} more"
            yield ""
            yield "</details>"
            yield ""


def _counted(plan: EnginePlan) -> dict[str, int]:
    counts: dict[str, int] = {}
    for operation in plan.operations.values():
        counts[operation] = counts.get(operation, 0) + 1
    return counts


def _agreement(result: PlanComparison) -> str:
    kinds = {
        "never deployed": result.not_deployed,
        "deployed already": result.deployed_already,
        "drift": result.drift,
        "provider defaults": result.provider,
        "replaced otherwise": result.replaced,
        "the engine stopped": result.plan.errors,
    }
    differing = ", ".join(name for name, texts in kinds.items() if texts)
    agreed = (
        f"{result.agreed} change{'s' * (result.agreed != 1)} as shown above" if result.agreed else "No change in common"
    )
    return f"{agreed}; besides: {differing}." if differing else f"{agreed}, and nothing else."
