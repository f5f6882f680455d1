"""Mutants of a pipeline. No committed stack has one, so a synthetic one stands beside each stack."""

from __future__ import annotations

from policy.rules import UNKNOWN, Graph, kinds

from .model import (
    TAGS,
    Mutant,
    mutant,
)
from .operators import (
    add,
    change,
    delete,
    option,
)

_PIPELINE_STAGES = [
    {
        "name": "Source",
        "actions": [
            {
                "name": "Source",
                "category": "Source",
                "provider": "CodeStarSourceConnection",
                "configuration": {"FullRepositoryId": "acme/batch-platform", "ConnectionArn": UNKNOWN},
            }
        ],
    },
    {
        "name": "UpDev",
        "actions": [
            {"name": "Scan", "category": "Build", "provider": "CodeBuild", "runOrder": 1},
            {"name": "UpDev", "category": "Build", "provider": "CodeBuild", "runOrder": 2},
        ],
    },
    {"name": "ApproveProd", "actions": [{"name": "ApproveProd", "category": "Approval", "provider": "Manual"}]},
    {"name": "UpProd", "actions": [{"name": "UpProd", "category": "Build", "provider": "CodeBuild"}]},
]


def with_synthetic(graph: Graph) -> Graph:
    """The stack and a pipeline, which no committed stack has: the pipeline is the tooling stack's."""
    props = {"name": f"pipeline-x-{graph.stack}", "stages": _PIPELINE_STAGES, "tags": TAGS}
    result = add(kinds.PIPELINE, "synthetic-pipeline", props)(graph, graph.root)
    pipeline = result.of_type(kinds.PIPELINE)[-1]
    return option(ignore_changes=("tags.CreatedAt",))(result, pipeline)


_UNAPPROVED = Mutant(
    rule="prod-pipeline-has-approval",
    what="approval removed",
    kind=kinds.PIPELINE,
    name="synthetic-*",
    do=delete("stages[2]"),
)


DELIVERY = [
    mutant(
        "pipeline-source-is-real",
        "placeholder",
        kinds.PIPELINE,
        "synthetic-*",
        change("stages[0].actions[0].configuration.FullRepositoryId", "your-org/your-repo"),
    ),
    Mutant(
        rule="pipeline-source-is-real",
        what="no source",
        kind=kinds.PIPELINE,
        name="synthetic-*",
        do=change("stages[0].actions[0].category", "Build"),
    ),
    _UNAPPROVED,
    mutant("workflow-logging", "errors only", kinds.STATE_MACHINE, "*", change("loggingConfiguration.level", "ERROR")),
    mutant("workflow-logging", "not traced", kinds.STATE_MACHINE, "*", delete("tracingConfiguration")),
]
