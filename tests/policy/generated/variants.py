"""Legitimate stacks: settings drawn over the settings' model, recorded, and the same meaning written otherwise.

Hypothesis draws; one seed always draws the same stacks, so that a red one can be looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from batchctl import project as projects
from batchctl.policy.mutants.matrix import ROOT
from batchctl.preview.recording import MODES, record
from policy.rules import Graph, Level, Verdict, evaluate
from settings import SettingsError
from tooling.every_setting import EVERY_SETTING

from .spellings import respelled

_SIZES: Final = ((256, 512), (512, 1024), (512, 4096), (1024, 2048), (2048, 4096), (4096, 30720), (8192, 16384))
_ENDPOINTS: Final = ("ecs", "kms", "secretsmanager", "sqs", "ssm", "states", "monitoring")
_JOBS: Final = ("data-ingestion", "risk-calculation", "report-generation")
_PLATFORM: Final = "batch-platform:"
SEED: Final = 16
"""What stack files are drawn with, so that they are the same ones each time."""

Settings = dict[str, Any]


def _some(options: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Settings]:
    """Any of the options, each or none."""
    return st.fixed_dictionaries({}, optional=dict(options))


def _as_everywhere(section: str, *names: str) -> dict[str, st.SearchStrategy[Any]]:
    """The values that the stack with every setting has."""
    return {name: st.just(EVERY_SETTING[_PLATFORM + section][name]) for name in names}


_JOB: Final = st.sampled_from(_SIZES).flatmap(
    lambda size: st.fixed_dictionaries(
        {"cpu": st.just(size[0]), "memory": st.just(size[1])},
        optional={
            "architecture": st.sampled_from(("X86_64", "ARM64")),
            "ephemeralStorage": st.integers(21, 200),
            "capacity": st.sampled_from(("on-demand", "spot-with-fallback")),
            "timeout": st.integers(60, 86400),
            "environment": st.fixed_dictionaries({"LOG_LEVEL": st.sampled_from(("INFO", "DEBUG"))}),
            "retry": st.fixed_dictionaries(
                {"attempts": st.integers(0, 5), "backoffSeconds": st.integers(1, 60)},
            ),
            "scaling": st.fixed_dictionaries({"maxTasks": st.integers(1, 100), "cpuTarget": st.integers(10, 95)}),
        },
    )
)
_WORKER: Final = st.fixed_dictionaries(
    {
        "cpu": st.just(256),
        "memory": st.just(512),
        "queue": st.fixed_dictionaries(
            {},
            optional={"visibilityTimeout": st.integers(30, 43200), "maxReceives": st.integers(1, 10)},
        ),
        "reads": st.just([{"bucket": "input", "prefix": "queue/"}]),
    }
)


@st.composite
def sections(draw: st.DrawFn) -> Settings:
    """The sections of a stack file, each within what the settings' model allows."""
    zones = draw(st.integers(2, 4))
    jobs = {name: draw(_JOB) for name in draw(st.sets(st.sampled_from(_JOBS)))}
    endpoints = draw(st.sets(st.sampled_from(_ENDPOINTS), max_size=3))
    if draw(st.booleans()):
        jobs["worker"] = draw(_WORKER)
        endpoints |= {"sqs"}
    stay = st.integers(1, 3650)
    days = dict.fromkeys(("inputDays", "outputDays", "auditDays", "ledgerDays"), stay)
    return {
        "network": {
            "zones": zones,
            "endpointZones": draw(st.integers(1, zones)),
            "cidr": draw(st.sampled_from(("10.0.0.0/16", "172.16.0.0/18", "192.168.0.0/20"))),
            "extraEndpoints": sorted(endpoints),
            **draw(_some(_as_everywhere("network", "dnsFirewall", "guardDuty"))),
        },
        "data": draw(_some({**days, **_as_everywhere("data", "previousVersionDays", "objectLock", "senders")})),
        "registry": draw(_some({"keepImages": st.integers(2, 1000), "untaggedDays": st.integers(1, 365)})),
        "alerts": draw(
            _some(
                {
                    "failurePercent": st.integers(0, 100),
                    "failurePeriod": st.sampled_from((60, 300, 600, 900, 3600)),
                    "longRunMinutes": st.integers(1, 1440),
                    "logErrors": st.integers(1, 1000),
                    "emails": st.sampled_from(([], ["team@example.com"])),
                }
            )
        ),
        "jobs": jobs,
        "workflow": {
            "fargateVcpuQuota": 1000,
            **draw(
                _some(
                    {
                        "deadline": st.fixed_dictionaries(
                            {"timezone": st.sampled_from(("Europe/Berlin", "UTC", "America/New_York", "Asia/Tokyo"))}
                        ),
                        "start": st.fixed_dictionaries({"schedule": st.sampled_from(("04:00", "23:30"))}),
                        **_as_everywhere("workflow", "onNewerManifest"),
                    }
                )
            ),
        },
        "platform": draw(
            _some(
                {
                    "logRetentionDays": st.sampled_from((1, 30, 365, 3653)),
                    "capacity": st.sampled_from(("on-demand", "spot-with-fallback")),
                    "teardown": st.just(True),  # false is for stacks that the pack's guardedSuffixes name
                    **_as_everywhere("platform", "permissionsBoundary", "permissionsPath", "customerKeys"),
                }
            )
        ),
    }


def drawn(seed: int, count: int) -> list[Settings]:
    """`count` stack files, or a few less; the same ones for one seed."""
    result: list[Settings] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(sections())
    def collect(one: Settings) -> None:
        result.append(one)

    collect()
    return result[:count]


def recorded(settings: Settings, mode: Any = "resolved") -> Graph | None:
    """The program with these settings over those of dev; None where it refuses them."""
    project = projects.load(ROOT)
    file = project.stack("dev")
    over = {f"{_PLATFORM}{name}": value for name, value in settings.items()}
    config = {**file.config, **{key: _merged(file.config.get(key), value) for key, value in over.items()}}
    try:
        result = record(ROOT, project=project.name, stack="dev", config=config, secret_keys=file.secret_keys, mode=mode)
    except SettingsError:
        return None
    return result.graph(project.name)


def _merged(base: Any, over: Any) -> Any:
    return {**base, **over} if isinstance(base, Mapping) and isinstance(over, Mapping) else over


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a stack file, in all its variants."""

    variants: int
    refused: int
    """1 where the program itself refuses the settings: two of them do not go together."""
    red: tuple[str, ...]
    """Mandatory findings: there should be none."""


def judged(settings: Settings, seed: int, spellings: int = 3) -> Judged:
    """Records a stack file in both modes, and asks the rules; also as often written otherwise as `spellings` says."""
    graphs = [recorded(settings, mode) for mode in MODES]
    resolved = graphs[-1]
    if resolved is None:
        return Judged(0, 1, ())
    others = [respelled(resolved, 10 * seed + turn) for turn in range(spellings)]
    evaluated = [*(one for one in graphs if one is not None), *others]
    return Judged(len(evaluated), 0, tuple(message for graph in evaluated for message in mandatory(graph)))


def mandatory(graph: Graph) -> list[str]:
    """The messages of the mandatory findings about a stack."""
    return [
        one.message
        for one in evaluate(graph, {})
        if one.level is Level.MANDATORY and one.verdict in (Verdict.FAIL, Verdict.CRASH)
    ]
