"""Writes docs/changes/settings-changes.md: what each setting does when it is changed later.

`.venv/bin/python -m sandbox.generators.settings_changes` compares recordings of the program by the table of the
provider's plans, in a minute; with `engine` it deploys the dev stack to an emulated account and asks `pulumi preview`
of each change, which needs `pulumi` and an aws plugin on PATH and takes a quarter of an hour. A setting gets the value
that it has in `tooling/every_setting.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

import settings
from batchctl import project as projects
from batchctl.preview.changes import compare
from batchctl.preview.recording import record
from batchctl.preview.replacement import HOLDS_DATA, REVISED, replacements
from batchctl.preview.snapshot import Snapshot, of_recording
from sandbox.account import emulated_account
from sandbox.checkout import copy_checkout
from tooling.every_setting import EVERY_SETTING

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "changes" / "settings-changes.md"
ONE_DECISION: Final = frozenset(
    (
        "data.objectLock",
        "jobs.data-ingestion.environment",
        "jobs.data-ingestion.retry",
        "jobs.data-ingestion.secrets",
        "jobs.stress-test",
        "network.guardDuty",
    )
)
"""Settings with members that are one decision."""
TOGETHER_IN_PLACE: Final = frozenset(
    ("alerts", "registry", "tags", "workflow.start", "workflow.deadline", "jobs.risk-calculation.fanOut")
)
"""Sections that are changed at once: what all of their settings together leave in place, each of them does."""
NEEDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "jobs.data-ingestion.debug": {
        "network": {"extraEndpoints": ["kms", "ssmmessages"]},
        "platform": {"acknowledge": ["jobs.data-ingestion.debug"]},
    },
    "jobs.data-ingestion.secretKeyArns": {"network": {"extraEndpoints": ["secretsmanager"]}},
    "jobs.data-ingestion.secrets": {"network": {"extraEndpoints": ["secretsmanager"]}},
    "jobs.report-generation": {"workflow": {"order": ["data-ingestion", "risk-calculation"]}},
    "jobs.report-generation.queue": {"network": {"extraEndpoints": ["sqs"]}, "workflow": {"fargateVcpuQuota": 16}},
    "jobs.stress-test": {"network": {"extraEndpoints": ["sqs"]}, "workflow": {"fargateVcpuQuota": 16}},
    "network.subnets": {"network": {"cidr": "10.2.0.0/16", "zones": 2}},
    "network.zoneIds": {"network": {"zones": 2}},
    "workflow.fargateVcpuQuota": {},
}
"""What must change with a setting for the settings to be taken."""
OTHER_VALUES: Final[Mapping[str, Any]] = {
    "platform.teardown": True,
    "workflow.order": ["data-ingestion", "risk-calculation"],
}
"""Where the value of `tooling/every_setting.py` is the stack's own, or needs others around it."""
BESIDES: Final[Mapping[str, Any]] = {
    "jobs.risk-calculation.memory": 8192,
    "jobs.risk-calculation.image": "release-1",
    "jobs.risk-calculation.scaling": {"maxTasks": 30},
    "jobs.risk-calculation.writes": [{"bucket": "output", "prefix": "elsewhere/"}],
    "jobs.report-generation.queue": {"acceptableLatency": 600},
    "jobs.report-generation": None,
}
"""Changes of jobs that are there already; null takes a job out."""
LEFT_OUT: Final = frozenset(("platform.acknowledge",))
"""What changes nothing by itself."""


@dataclass(frozen=True)
class Effect:
    """What a preview proposes for one changed setting."""

    setting: str
    value: Any
    needs: Mapping[str, Any]
    updated: Counter[str]
    created: Counter[str]
    replaced: Counter[str]
    deleted: Counter[str]
    refused: str = ""

    @property
    def data(self) -> list[str]:
        """Types that hold data and would be deleted."""
        return sorted({kind for kind in (*self.replaced, *self.deleted) if kind in HOLDS_DATA})

    @property
    def verdict(self) -> str:
        """In a word or two."""
        if self.refused:
            return "refused"
        if self.data:
            return "**data at risk**"
        return "replaced" if set(self.replaced) - REVISED else "in place"


def changes() -> Iterator[tuple[str, Any]]:
    """Each optional setting, as a dotted path, with another value than dev's; some as a group of them."""
    yield "platform.environment", "night"
    for key, section in EVERY_SETTING.items():
        yield from _leaves(key.removeprefix("batch-platform:"), section)
    yield from BESIDES.items()


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if path == "data":
        days = {name: inner for name, inner in value.items() if name.endswith("Days")}
        yield path, days
        value = {name: inner for name, inner in value.items() if name not in days}
    if isinstance(value, Mapping) and path not in ONE_DECISION | TOGETHER_IN_PLACE:
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}", inner)
    elif path not in LEFT_OUT:
        yield path, OTHER_VALUES.get(path, value)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` over `base`, mapping by mapping."""
    out = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(out.get(key), Mapping)
        out[key] = merged(out[key], value) if both else value
    return out


def config_with(base: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A stack file's `config` in which one setting, and what must go with it, is changed."""
    change: Any = value
    for part in reversed(path.split(".")):
        change = {part: change}
    sections = merged(NEEDS.get(path, {}), change)
    return merged(base, {f"batch-platform:{name}": section for name, section in sections.items()})


class Offline:
    """The program, recorded twice and compared by the table of the provider's own plans (`replacements.json`)."""

    provider = "known by its plans in `batchctl/preview/replacements.json`"

    def __init__(self) -> None:
        project = projects.load(ROOT)
        self._project = project.name
        self.config = _guarded(project.stack("dev").config)
        self._base = self._snapshot(self.config)

    def _snapshot(self, config: Mapping[str, Any]) -> Snapshot:
        recording = record(ROOT, project=self._project, stack="dev", config=config, mode="resolved")
        return of_recording(recording, self._project)

    def of(self, path: str, value: Any) -> Effect:
        """What the comparison says of the setting at `path` becoming `value`."""
        config = config_with(self.config, path, value)
        raw = {key.removeprefix("batch-platform:"): part for key, part in config.items() if key != "aws:region"}
        if settings.parse(raw, stack="dev").platform.environment != "dev":
            return Effect(path, value, {}, Counter(), Counter(), Counter(), Counter(), "the stack is up as 'dev'")
        comparison = compare(self._base, self._snapshot(config))
        replaced = {one.resource.urn: one.resource.type for one in replacements(comparison)}
        updated = [one.after for one in comparison.changed if one.after.custom and one.after.urn not in replaced]
        return Effect(
            path,
            value,
            NEEDS.get(path, {}),
            Counter(one.type for one in updated),
            Counter(one.type for one in comparison.added if one.custom),
            Counter(replaced.values()),
            Counter(one.type for one in comparison.removed if one.custom),
        )


def _guarded(config: Mapping[str, Any]) -> dict[str, Any]:
    """The stack's configuration with what holds data kept, as prod has it."""
    return merged(config, {"batch-platform:platform": {"teardown": False}})


class OnEngine:
    """The deployed stack, and what the engine would do to it."""

    provider = "terraform-provider-aws 5.100, asked by previews of the real engine"

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._checkout = copy_checkout(folder / "platform")
        (folder / "state").mkdir()
        backend = {"PULUMI_BACKEND_URL": (folder / "state").as_uri(), "PULUMI_CONFIG_PASSPHRASE": "changes"}
        self._environment = {**environment, **backend}
        self._file = self._checkout / "Pulumi.dev.yaml"
        self._run("stack", "init", "dev")
        written = yaml.safe_load(self._file.read_text())
        self.config = _guarded(written["config"])
        self._described = {**written, "config": self.config}
        self._file.write_text(yaml.safe_dump(self._described))
        self._run("up", "--yes", "--skip-preview", "--stack", "dev")

    def _run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *arguments, "--non-interactive"]
        done = subprocess.run(
            command, cwd=self._checkout, env=self._environment, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
        return done

    def of(self, path: str, value: Any) -> Effect:
        """What the engine proposes when the setting at `path` becomes `value`."""
        described = {**self._described, "config": config_with(self.config, path, value)}
        self._file.write_text(yaml.safe_dump(described))
        # a protected resource that would be replaced fails the preview; its steps are told all the same
        done = self._run("preview", "--json", "--stack", "dev", check=False)
        try:
            steps = json.loads(done.stdout).get("steps", [])
        except ValueError:
            steps = []
        kinds: dict[str, Counter[str]] = {op: Counter() for op in ("update", "create", "replace", "delete")}
        for step in steps:
            kind = step["urn"].split("::")[2].rpartition("$")[2]
            if step["op"] in kinds and kind.startswith("aws:"):
                kinds[step["op"]][kind] += 1
        # a program that refuses its settings has registered nothing but the stack
        output = done.stdout + done.stderr
        refused = output.strip()[-400:] if "cannot be used" in output or not steps else ""
        needs = NEEDS.get(path, {})
        return Effect(path, value, needs, kinds["update"], kinds["create"], kinds["replace"], kinds["delete"], refused)


HEAD: Final = """# What changing a setting later does

Made by `.venv/bin/python -m sandbox.generators.settings_changes engine`; do not edit. Each row changes one setting of
the dev stack with `platform.teardown: false`, or several that go together; what had to change with it is named. What is
replaced is {provider}
([ADR: replacement from plans](../adr/policy/replacement-from-plans.md)).

- *in place*: resources are updated, added or removed, task definitions get a new revision; no data goes.
- *replaced*: the named resources are deleted and made anew; a preview that ends early does not name all of them.
- *data at risk*: among them, or among what is removed, is something that holds data. With `platform.teardown: false`
  the engine refuses (`protect`) or AWS does; `batchctl diff` refuses until `platform.acknowledge` names it.
- *refused*: the program stops before anything changes.

| setting | changed to | verdict | updated | added | replaced | removed |
|---|---|---|---|---|---|---|"""


def page(effects: list[Effect], provider: str) -> str:
    """The page."""
    lines = [HEAD.format(provider=provider)]
    for one in effects:
        value = json.dumps(one.value)
        cell = f"`{value if len(value) <= 60 else value[:57] + '...'}`"
        if one.needs:
            names = sorted(f"{section}.{key}" for section, keys in one.needs.items() for key in keys)
            cell += f" with {', '.join(f'`{name}`' for name in names)}"
        cells = (_listed(kinds) for kinds in (one.updated, one.created, one.replaced, one.deleted))
        together = f"{one.setting}.*" if one.setting in TOGETHER_IN_PLACE else one.setting
        name = {"data": "data.*Days"}.get(one.setting, together)
        lines.append(f"| `{name}` | {cell} | {one.verdict} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _listed(kinds: Counter[str]) -> str:
    short = Counter({kind.rpartition(":")[2]: count for kind, count in kinds.items()})
    named = [name if count == 1 else f"{name} x {count}" for name, count in sorted(short.items())]
    if len(named) > 6:
        return f"{sum(short.values())} of {len(named)} types"
    return ", ".join(named)


def offline() -> str:
    """The page by comparing recordings."""
    stack = Offline()
    return page([stack.of(path, value) for path, value in changes()], stack.provider)


def on_engine() -> str:
    """The page by previews of the real engine."""
    with emulated_account() as account, tempfile.TemporaryDirectory() as folder:
        stack = OnEngine(Path(folder), {**os.environ, **account.environment()})
        effects = [stack.of(path, value) for path, value in changes()]
    return page(effects, stack.provider)


def main(source: str = "offline") -> None:
    """Writes the page; `source` is `offline` or `engine`."""
    PAGE.write_text(on_engine() if source == "engine" else offline())


if __name__ == "__main__":
    main(*sys.argv[1:])
