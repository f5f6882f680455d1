"""The stack's settings: the only reader of `pulumi.Config`.

`load` validates `batch-platform:*` and `aws:region` before the first resource, reports every problem at once, and
returns frozen models. They never hold secrets: a key set with `--secret` is refused, models hold ARNs only.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret
from pydantic import BaseModel

from conventions import naming
from conventions.zones import Zone

from . import capacity, rules
from .errors import PROJECT, Problem, SettingsError
from .jobs import DEFAULT_JOBS, Job
from .models import Settings, Workflow
from .platform import Platform
from .reading import read_section, with_dotted_keys

__all__ = ["PROJECT", "Problem", "Settings", "SettingsError", "choose_zones", "load", "parse", "refuse_renaming"]

_SECTIONS: dict[str, type[BaseModel]] = {
    name: cast(type[BaseModel], field.annotation) for name, field in Settings.model_fields.items() if name != "jobs"
}


def load() -> tuple[Settings, str]:
    """The settings and the region of the current stack; raises SettingsError with every problem."""
    raw, region, problems = configuration()
    settings = parse(raw, stack=pulumi.get_stack(), problems=problems)
    if unknown := rules.guard_duty_problems(settings.network, region):
        raise SettingsError(pulumi.get_stack(), unknown)
    return settings, region


def configuration() -> tuple[dict[str, Any], str, list[Problem]]:
    """What the current stack's file says, by section; its region; and what is wrong before any model validates it."""
    entries = CONFIG.get() or get_config_env()
    config = pulumi.Config(PROJECT)
    raw: dict[str, Any] = {}
    problems = []
    for full in sorted(entries):
        namespace, _, key = full.partition(":")
        if namespace != PROJECT:
            continue
        if is_config_secret(full):
            problems.append(
                Problem(
                    path=key,
                    value="[secret]",
                    reason="a setting is never a secret",
                    example="jobs.<name>.secrets: {DB_PASSWORD: <ARN of the secret>}",
                    fix=f"`pulumi config rm {full}`, keep the secret in Secrets Manager and name its ARN",
                )
            )
            continue
        try:
            raw[key] = config.get_object(key)
        except pulumi.ConfigTypeError:
            raw[key] = entries[full]
    region = pulumi.Config("aws").get("region")
    if not region:
        problems.append(
            Problem(
                path="aws:region",
                value=None,
                reason="the stack does not say where it is",
                example="aws:region: us-east-1",
                fix="`pulumi config set aws:region us-east-1`",
            )
        )
    elif region.startswith(naming.UNSUPPORTED_REGIONS):
        problems.append(
            Problem(
                path="aws:region",
                value=region,
                reason="is in a partition where this platform was never tried",
                example="aws:region: us-east-1",
                fix="take a region of the partitions aws or aws-us-gov",
            )
        )
    elif region not in (regions := _regions()):
        near = difflib.get_close_matches(region, regions, n=1) or ["us-east-1"]
        problems.append(
            Problem(
                path="aws:region",
                value=region,
                reason="is not a region that this version of pulumi-aws knows",
                example=f"aws:region: {near[0]}",
                fix=f"`pulumi config set aws:region {near[0]}`",
            )
        )
    return raw, str(region), problems


def _regions() -> list[str]:
    """Every region, as the SDK lists them."""
    from pulumi_aws import Region  # slow to import, and the program has done it already

    return [region.value for region in Region]


def parse(raw: Mapping[str, Any], *, stack: str, problems: list[Problem] | None = None) -> Settings:
    """Settings out of a stack file's sections; `problems` are those that are known already.

    A key with dots is one setting, as `pulumi config set batch-platform:network.cidr 10.1.0.0/16` and the prompts of
    `pulumi new` write it; it counts more than the section's own value. Raises SettingsError with every problem of
    every section.
    """
    all_problems = list(problems or [])
    raw = with_dotted_keys(raw)
    for key in sorted(set(raw) - set(Settings.model_fields)):
        all_problems.append(
            Problem(
                path=key,
                value=raw[key],
                reason="no such section",
                example=", ".join(Settings.model_fields),
                fix=f"`pulumi config rm {PROJECT}:{key}`, or correct its name",
            )
        )
    sections: dict[str, Any] = {}
    for name, model in _SECTIONS.items():
        section = raw.get(name) or {}
        if name == "platform" and isinstance(section, Mapping):
            section = {"environment": stack, **section}
        sections[name] = read_section(model, section, name, all_problems)
    sections["jobs"] = _jobs(raw.get("jobs") or {}, sections["platform"], sections["workflow"], all_problems)
    if sections["workflow"] is not None:
        sections["jobs"] = rules.with_tolerances(sections["jobs"], sections["workflow"])
    if sections["network"] is not None:
        all_problems += rules.secret_problems(sections["network"], sections["jobs"])
        all_problems += capacity.address_problems(sections["network"], sections["jobs"])
        all_problems += capacity.queue_problems(sections["network"], sections["jobs"])
        if sections["platform"] is not None:
            all_problems += rules.debug_problems(sections["platform"], sections["network"], sections["jobs"])
    if sections["platform"] is not None and sections["data"] is not None:
        all_problems += rules.lock_problems(sections["platform"], sections["data"])
    if all_problems:
        raise SettingsError(stack, all_problems)
    return Settings.model_construct(**sections)


def _jobs(
    jobs_section: Any, platform: Platform | None, workflow: Workflow | None, problems: list[Problem]
) -> dict[str, Job]:
    if not isinstance(jobs_section, Mapping):
        problems.append(
            Problem(
                path="jobs",
                value=jobs_section,
                reason="a mapping from job name to settings",
                example="jobs: {my-job: {…}}",
            )
        )
        return {}
    entries = rules.merged(DEFAULT_JOBS, jobs_section)
    common = {"capacity": platform.capacity} if platform is not None else {}
    jobs: dict[str, Job] = {}
    for name, entry in entries.items():
        job = read_section(
            Job, {**common, **entry} if isinstance(entry, Mapping) else entry, f"jobs.{name}", problems, key=name
        )
        if job is not None:
            jobs[name] = job
    if workflow is not None:
        problems += rules.workflow_problems(workflow, list(entries), jobs)
    return jobs


def choose_zones(
    settings: Settings, available: Sequence[Zone], region: str, endpoint_services: Mapping[str, Sequence[str]]
) -> list[str]:
    """Names of the zones that the network is laid out in: `network.zoneIds`, or the first that can be used.

    `available` are the zones that the account sees; `endpoint_services` maps a service to the names of the zones it
    serves. Raises SettingsError for a zone that cannot be used, with its id, and when there are too few.
    """
    chosen, problems = rules.choose_zones(settings.network, available, region, endpoint_services)
    if problems:
        raise SettingsError(pulumi.get_stack(), problems)
    return [zone.name for zone in chosen]


def refuse_renaming(settings: Settings, deployed: str | None) -> None:
    """Raises SettingsError when the stack is up under another environment suffix than the settings give it.

    Every name ends in the suffix, so that a renamed stack is another one: the engine would replace buckets, ledger and
    repositories, and delete the old ones with all that they hold. `deployed`: the suffix that is up, or None.
    """
    configured = settings.platform.environment
    if deployed is None or deployed == configured:
        return
    stack = pulumi.get_stack()
    raise SettingsError(
        stack,
        [
            Problem(
                path="platform.environment",
                value=configured,
                reason=f"the stack is up as {deployed!r}, and a renaming would delete what it holds",
                example=f"environment: {deployed}",
                fix=f"keep it, and make a second stack (`pulumi stack init {configured}`); or copy what must stay, "
                "destroy this stack, and then rename it",
            )
        ],
    )
