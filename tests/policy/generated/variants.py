"""Legitimate settings, made from the settings' own model, and the same meaning written otherwise."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from batchctl import project as projects
from batchctl.policy.mutants.matrix import ROOT
from batchctl.policy.mutants.operators import rebuilt
from batchctl.preview.recording import Mode, record
from policy.rules import Graph, Level, Resource, Verdict, evaluate

_JOB_SIZES: Final = ((256, 512), (512, 1024), (512, 4096), (1024, 2048), (2048, 4096), (4096, 30720), (8192, 16384))
_ENDPOINTS: Final = ("secretsmanager", "sqs", "ssm")


def settings(seed: int) -> dict[str, Any]:
    """A stack's configuration, drawn over the values that the settings' model allows."""
    draw = random.Random(seed)
    cpu, memory = draw.choice(_JOB_SIZES)
    zones = draw.choice((2, 3, 3, 4))
    job: dict[str, Any] = {
        "cpu": cpu,
        "memory": memory,
        "architecture": draw.choice(("X86_64", "ARM64")),
        "ephemeralStorage": draw.choice((21, 50, 200)),
        "capacity": draw.choice(("on-demand", "spot-with-fallback")),
        "timeout": draw.choice((60, 3600, 86400)),
        "environment": {"LOG_LEVEL": draw.choice(("INFO", "DEBUG"))},
        "scaling": {"maxTasks": draw.choice((1, 10, 100)), "cpuTarget": draw.choice((10, 70, 95))},
    }
    result: dict[str, Any] = {
        "network": {
            "zones": zones,
            "endpointZones": draw.randint(1, zones),
            "cidr": draw.choice(("10.0.0.0/16", "172.16.0.0/18", "192.168.0.0/20")),
            "extraEndpoints": draw.sample(_ENDPOINTS, draw.randint(0, 3)),
        },
        "data": {
            "inputDays": draw.randint(1, 3650),
            "outputDays": draw.randint(1, 3650),
            "auditDays": draw.randint(1, 3650),
        },
        "registry": {"keepImages": draw.choice((2, 10, 1000)), "untaggedDays": draw.choice((1, 30, 365))},
        "alerts": {
            "failurePercent": draw.choice((0, 5, 50)),
            "failurePeriod": draw.choice((60, 300, 600, 900, 3600)),
            "longRunMinutes": draw.choice((1, 180, 1440)),
            "logErrors": draw.choice((1, 10, 1000)),
            "emails": draw.choice(([], ["team@example.com"])),
        },
        "jobs": {draw.choice(("data-ingestion", "report-generation")): job},
        "workflow": {
            "fargateVcpuQuota": 1000,
            "deadline": {"timezone": draw.choice(("Europe/Berlin", "UTC", "America/New_York"))},
        },
        "platform": {
            "logRetentionDays": draw.choice((1, 30, 365)),
            "capacity": draw.choice(("on-demand", "spot-with-fallback")),
        },
    }
    if draw.random() < 0.4:
        result["jobs"]["worker"] = {
            "cpu": 256,
            "memory": 512,
            "queue": {
                "tasksPerMessages": draw.choice((1, 10, 100)),
                "visibilityTimeout": draw.choice((30, 900, 43200)),
            },
            "reads": [{"bucket": "input", "prefix": "queue/"}],
        }
        result["network"]["extraEndpoints"] = sorted({*result["network"]["extraEndpoints"], "sqs"})
    if draw.random() < 0.4:
        result["workflow"]["start"] = {"schedule": draw.choice(("04:00", "23:30"))}
    return result


@cache
def stack_of(seed: int, mode: Mode = "resolved") -> Graph:
    """The program recorded with those settings."""
    project = projects.load(ROOT)
    file = project.stack("dev")
    drawn = settings(seed)
    config = {
        **file.config,
        **{
            f"batch-platform:{key}": _merged(file.config.get(f"batch-platform:{key}"), value)
            for key, value in drawn.items()
        },
    }
    result = record(ROOT, project=project.name, stack="dev", config=config, secret_keys=file.secret_keys, mode=mode)
    return result.graph(project.name)


def _merged(base: Any, over: Any) -> Any:
    return {**base, **over} if isinstance(base, Mapping) and isinstance(over, Mapping) else over


def respelled(graph: Graph, seed: int) -> Graph:
    """The same stack with documents written otherwise: other spaces, other order, lists, split statements."""
    draw = random.Random(seed)
    return rebuilt(graph, (_respelled(one, draw) for one in graph))


def _respelled(one: Resource, draw: random.Random) -> Resource:
    props = dict(one.props)
    for name in ("policy", "assumeRolePolicy", "policyDocument"):
        text = props.get(name)
        if isinstance(text, str) and '"Statement"' in text and draw.random() < 0.5:
            props[name] = json.dumps(_document(json.loads(text), draw), indent=draw.choice((None, 2)))
    return replace(one, props=props)


def _document(document: Any, draw: random.Random) -> Any:
    statements = []
    for one in document["Statement"]:
        actions = one.get("Action")
        if isinstance(actions, list) and len(actions) > 1 and draw.random() < 0.5:
            cut = draw.randint(1, len(actions) - 1)
            for number, part in enumerate((actions[:cut], actions[cut:])):
                statements.append({**one, "Sid": f"{one.get('Sid', 'S')}{number}", "Action": part})
        else:
            statements.append(
                {**one, "Action": [actions] if isinstance(actions, str) and draw.random() < 0.5 else actions}
            )
    draw.shuffle(statements)
    return {"Statement": statements, "Version": document["Version"]}


def findings(seed: int) -> list[str]:
    """Mandatory findings about the settings of this seed, as recorded and written otherwise."""
    graph = stack_of(seed)
    return [
        one.message
        for variant in (graph, respelled(graph, seed))
        for one in evaluate(variant, {})
        if one.level is Level.MANDATORY and one.verdict in (Verdict.FAIL, Verdict.CRASH)
    ]
