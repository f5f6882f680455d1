"""The table of what the provider replaces knows every property that the programs set, whatever the settings.

`sandbox/generators/replacements.py` writes it from the plans of two deployed stacks; these tests say when that is due.
"""

from __future__ import annotations

from typing import Any

import pytest

from batchctl import project as projects
from batchctl.preview import replacement
from batchctl.preview.recording import record
from batchctl.preview.snapshot import Snapshot, of_recording
from tests.batchctl.preview.stacks import committed
from tests.programs import ROOT
from tooling.every_setting import EVERY_SETTING

PLATFORM = "batch-platform:platform"
GUARDED = {**EVERY_SETTING, PLATFORM: {**EVERY_SETTING[PLATFORM], "teardown": False}}
REPOSITORY = "market-risk/batch-platform"
OIDC_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
"""The plugin that the table is from does not know this type (docs/adr/sandbox/engine-tests.md): what is not in the
table may replace, and the comment says so."""


def of_config(folder: str, stack: str, changed: dict[str, Any]) -> Snapshot:
    """A stack of the project in a folder, with whole sections of its configuration replaced."""
    project = projects.load(ROOT / folder)
    config = {**project.stack(stack).config, **changed}
    return of_recording(
        record(project.root, project=project.name, stack=stack, config=config, mode="resolved"), project.name
    )


def unknown(snapshot: Snapshot) -> set[tuple[str, str]]:
    """Types and properties that a program sets and the table does not have."""
    return {
        (resource.type, prop)
        for resource in snapshot.graph.resources
        if resource.custom
        for prop in snapshot.inputs(resource)
        if replacement.effect(resource.type, prop) == "not known"
    }


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_it_knows_every_property_of_the_committed_stacks(stack: str) -> None:
    assert not unknown(committed(stack)), "run sandbox/generators/replacements.py"


@pytest.mark.parametrize("config", [dict(EVERY_SETTING), GUARDED], ids=["teardown", "kept"])
def test_it_knows_every_property_that_a_setting_can_set(config: dict[str, Any]) -> None:
    assert not unknown(of_config(".", "dev", config)), "run sandbox/generators/replacements.py"


def test_it_knows_every_property_of_the_tooling_stack() -> None:
    github = {"repository": REPOSITORY, "deploys": True}
    stack = of_config("tooling", "tooling", {"batch-platform:delivery": {"repository": REPOSITORY, "github": github}})
    assert {kind for kind, _ in unknown(stack)} == {OIDC_PROVIDER}, "run sandbox/generators/replacements.py"


def test_it_agrees_with_what_is_documented_of_some() -> None:
    """https://registry.terraform.io/providers/hashicorp/aws/latest/docs: "Forces replacement" and "Forces new"."""
    for kind, prop, what in (
        ("aws:ec2/vpc:Vpc", "cidrBlock", "always"),
        ("aws:ec2/vpc:Vpc", "enableDnsSupport", "never"),
        ("aws:ecr/repository:Repository", "encryptionConfigurations", "always"),
        ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays", "never"),
        ("aws:sqs/queue:Queue", "name", "always"),
    ):
        assert replacement.effect(kind, prop) == what
