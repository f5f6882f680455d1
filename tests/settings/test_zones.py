"""Which zones the network is laid out in, and what is said of those that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

import settings
from batchctl.preview import synthetic
from conventions import endpoint_services
from conventions.zones import Zone
from tests.programs import record_with

ZONES = [Zone(name=f"us-east-1{letter}", id=f"use1-az{n}") for letter, n in zip("abcd", (6, 1, 2, 4), strict=True)]
EVERYWHERE = {"ecr.api": [zone.name for zone in ZONES]}


@pytest.fixture(autouse=True)
def _stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")


def parsed(**network: Any) -> settings.Settings:
    return settings.parse({"network": network}, stack="dev")


def test_the_first_zones_are_taken() -> None:
    assert settings.choose_zones(parsed(), ZONES, "us-east-1", EVERYWHERE) == ["us-east-1a", "us-east-1b", "us-east-1c"]


def test_a_zone_without_an_endpoint_service_is_passed_over() -> None:
    served = {"ecr.api": ["us-east-1a", "us-east-1c", "us-east-1d"]}
    assert settings.choose_zones(parsed(), ZONES, "us-east-1", served) == ["us-east-1a", "us-east-1c", "us-east-1d"]


def test_zones_that_need_an_opt_in_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """EC2 lists the Local and Wavelength Zones that an account has opted in to before the Region's own."""
    original, lookups = synthetic.lookup, list[Mapping[str, Any]]()

    def lookup(token: str, args: Mapping[str, Any], region: str) -> dict[str, Any] | None:
        if token.endswith(":getAvailabilityZones"):
            lookups.append(args)
        return original(token, args, region)

    monkeypatch.setattr(synthetic, "lookup", lookup)
    record_with({})
    assert [one.get("filters") for one in lookups] == [[{"name": "opt-in-status", "values": ["opt-in-not-required"]}]]


def test_ids_fix_the_zones_and_their_order() -> None:
    chosen = parsed(zones=2, zoneIds=["use1-az4", "use1-az6"])
    assert settings.choose_zones(chosen, ZONES, "us-east-1", EVERYWHERE) == ["us-east-1d", "us-east-1a"]


@pytest.mark.parametrize(
    ("zone_id", "served", "reason"),
    [
        ("use1-az9", EVERYWHERE, "this account has no such zone"),
        ("use1-az1", {"ecr.api": ["us-east-1a", "us-east-1c"]}, "ecr.api is not served there"),
    ],
)
def test_a_zone_that_cannot_be_used_is_refused_by_its_id(
    zone_id: str, served: dict[str, list[str]], reason: str
) -> None:
    chosen = parsed(zones=2, zoneIds=[zone_id, "use1-az6"])
    with pytest.raises(settings.SettingsError) as error:
        settings.choose_zones(chosen, ZONES, "us-east-1", served)
    for part in ("network.zoneIds[0]", zone_id, reason, "use1-az6 (us-east-1a)"):
        assert part in str(error.value)


def test_a_zone_without_fargate_is_refused() -> None:
    zones = [Zone(name=f"us-west-1{letter}", id=f"usw1-az{n}") for letter, n in zip("abc", (1, 2, 3), strict=True)]
    chosen = parsed(zones=2, zoneIds=["usw1-az1", "usw1-az2"])
    with pytest.raises(settings.SettingsError, match="Fargate runs no tasks there"):
        settings.choose_zones(chosen, zones, "us-west-1", {})
    assert settings.choose_zones(parsed(zones=2), zones, "us-west-1", {}) == ["us-west-1a", "us-west-1c"]


def test_too_few_zones_are_said_with_those_that_would_do() -> None:
    with pytest.raises(settings.SettingsError, match=r"us-east-1 has 1 zones.*use1-az6 \(us-east-1a\)"):
        settings.choose_zones(parsed(), ZONES[:1], "us-east-1", EVERYWHERE)


@pytest.mark.parametrize("region", ["ap-southeast-5", "mx-central-1"])
def test_newer_regions_have_the_endpoints_of_ecs_too(region: str) -> None:
    assert {"ecs", "ecs-agent", "ecs-telemetry"} <= set(endpoint_services.interface_services(region, ("ecs", "sqs")))
    assert "ecs" not in endpoint_services.interface_services("us-east-1", ())
    services = endpoint_services.interface_services(region, ("ecs", "sqs"))
    assert len(services) == len(set(services))


@pytest.mark.parametrize(
    ("raw", "path", "words"),
    [
        ({"network": {"extraEndpoints": ["sqs", "sqs"]}}, "network.extraEndpoints", "named twice"),
        ({"network": {"zones": 3, "zoneIds": ["use1-az1"]}}, "network.zoneIds", "3 different ids"),
        ({"workflow": {"start": {"prefix": "inbox/"}}}, "workflow.start.prefix", "may not read there"),
        ({"jobs": {"data-ingestion": {"user": "10002:10001"}}}, "jobs.data-ingestion.user", "10001"),
        (
            {"jobs": {"data-ingestion": {"secrets": {"DB": "arn:aws:ssm:us-east-1:123456789012:parameter/db"}}}},
            "jobs.data-ingestion.secrets.DB",
            "extraEndpoints: [ssm]",
        ),
    ],
)
def test_what_could_not_work_is_refused_by_the_settings(raw: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(settings.SettingsError) as error:
        settings.parse(raw, stack="dev")
    assert path in str(error.value)
    assert words in str(error.value)


def test_a_secret_of_a_key_is_read_whole_and_decrypted_with_its_own_key() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/6f5b2f1e-0d3a-4c5e-9a53-2f1f6c1b7a10"
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
    graph = record_with(
        {
            "batch-platform:network": {"extraEndpoints": ["secretsmanager"]},
            "batch-platform:jobs": {
                "data-ingestion": {"secrets": {"DB": f"{secret}:password::"}, "secretKeyArns": [key]}
            },
        }
    )
    (policy,) = [
        r for r in graph.of_type("aws:iam/rolePolicy:RolePolicy") if r.name == "data-ingestion-start-task-policy"
    ]
    assert f'"Resource": "{secret}"' in policy.props["policy"]
    assert key in policy.props["policy"]
    (task,) = [t for t in graph.of_type("aws:ecs/taskDefinition:TaskDefinition") if t.name == "data-ingestion-task"]
    assert f"{secret}:password::" in task.props["containerDefinitions"]
