"""The pure helpers: literal tables and properties that hold for every input."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.registry import lifecycle, reference
from conventions import address_ranges, endpoint_services, fargate, iam, tagging
from conventions.naming import Names

NAMES = Names(suffix="dev", account="123456789012", region="us-east-1")


class TestCidr:
    @pytest.mark.parametrize(
        ("cidr", "count", "expected"),
        [
            ("10.0.0.0/16", 3, ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]),
            ("10.1.0.0/16", 2, ["10.1.0.0/20", "10.1.16.0/20"]),
            ("10.0.0.0/24", 3, ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26"]),
            ("10.0.0.0/24", 2, ["10.0.0.0/25", "10.0.0.128/25"]),
        ],
    )
    def test_table(self, cidr: str, count: int, expected: list[str]) -> None:
        assert [str(subnet) for subnet in address_ranges.split(IPv4Network(cidr), count)] == expected

    @given(
        prefix=st.integers(address_ranges.LARGEST_PREFIX, address_ranges.SMALLEST_PREFIX),
        block=st.integers(0, 255),
        count=st.integers(1, 6),
    )
    def test_subnets_fit_and_never_overlap(self, prefix: int, block: int, count: int) -> None:
        cidr = IPv4Network((f"10.{block}.0.0", prefix))
        try:
            subnets = address_ranges.split(cidr, count)
        except ValueError:
            assert 2 ** (address_ranges.SMALLEST_PREFIX - prefix) < count
            return
        assert len(subnets) == count
        assert address_ranges.problem_with(cidr, subnets) is None
        assert len({subnet.prefixlen for subnet in subnets}) == 1
        assert not any(a.overlaps(b) for a, b in combinations(subnets, 2))
        assert subnets[0].prefixlen <= address_ranges.SMALLEST_PREFIX

    def test_problems_are_told(self) -> None:
        vpc = IPv4Network("10.0.0.0/16")
        assert "not inside" in str(address_ranges.problem_with(vpc, [IPv4Network("10.1.0.0/20")]))
        assert "overlaps" in str(
            address_ranges.problem_with(vpc, [IPv4Network("10.0.0.0/20"), IPv4Network("10.0.8.0/24")])
        )
        assert "/28" in str(address_ranges.problem_with(vpc, [IPv4Network("10.0.0.0/29")]))
        assert address_ranges.usable_addresses(IPv4Network("10.0.0.0/28")) == 11


class TestFargate:
    @pytest.mark.parametrize(
        ("cpu", "memory", "valid"),
        [
            (256, 512, True),
            (256, 4096, False),
            (512, 1024, True),
            (1024, 2048, True),
            (1024, 1024, False),
            (2048, 4096, True),
            (4096, 30720, True),
            (8192, 17 * 1024, False),
            (8192, 20 * 1024, True),
            (16384, 120 * 1024, True),
            (32768, 60 * 1024, True),
            (32768, 64 * 1024, False),
            (32768, 244 * 1024, True),
            (300, 512, False),
        ],
    )
    def test_table(self, cpu: int, memory: int, valid: bool) -> None:
        assert fargate.is_valid(cpu, memory) is valid

    @given(cpu=st.sampled_from(sorted(fargate.SIZES)), memory=st.integers(1, 300 * 1024))
    def test_nearest_is_valid_and_holds_what_was_asked(self, cpu: int, memory: int) -> None:
        nearest = fargate.nearest_memory(cpu, memory)
        assert fargate.is_valid(cpu, nearest)
        assert nearest >= memory or nearest == fargate.SIZES[cpu][-1]

    @given(cpu=st.sampled_from(sorted(fargate.SIZES)))
    def test_sizes_ascend_and_start_at_two_gb_a_vcpu_at_most(self, cpu: int) -> None:
        sizes = fargate.SIZES[cpu]
        assert list(sizes) == sorted(set(sizes))
        assert fargate.gigabytes(sizes[0]) <= 2 * fargate.vcpus(cpu)

    def test_strategies_never_mix_what_fargate_excludes(self) -> None:
        assert fargate.strategy("on-demand") == [{"capacity_provider": "FARGATE", "weight": 1, "base": 1}]
        assert fargate.strategy("spot-with-fallback") == [
            {"capacity_provider": "FARGATE", "weight": 0, "base": 1},
            {"capacity_provider": "FARGATE_SPOT", "weight": 1, "base": 0},
        ]


class TestNames:
    def test_pattern(self) -> None:
        assert NAMES.name("role", "data-ingestion-task") == "role-data-ingestion-task-dev"
        assert NAMES.bucket("input") == "bucket-input-123456789012-dev"

    @pytest.mark.parametrize(("kind", "purpose"), [("role", "x" * 60), ("bucket", "Upper"), ("bucket", "a--b")])
    def test_refused_before_aws_would(self, kind: str, purpose: str) -> None:
        with pytest.raises(ValueError, match="no valid"):
            NAMES.name(kind, purpose)

    @pytest.mark.parametrize("suffix", ["Dev", "x-dev", "", "1dev", "a" * 13])
    def test_suffix_cannot_be_taken_for_another_stacks(self, suffix: str) -> None:
        with pytest.raises(ValueError, match="suffix"):
            Names(suffix=suffix, account="123456789012", region="us-east-1")

    @pytest.mark.parametrize(
        ("region", "partition"),
        [("us-east-1", "aws"), ("us-gov-west-1", "aws-us-gov"), ("eu-central-2", "aws")],
    )
    def test_partition(self, region: str, partition: str) -> None:
        assert Names(suffix="dev", account="123456789012", region=region).partition == partition


class TestIam:
    def test_version(self) -> None:
        policy = json.loads(iam.document(iam.statement("Read", ["s3:GetObject"], ["arn:aws:s3:::b/*"])))
        assert policy["Version"] == "2012-10-17"

    @pytest.mark.parametrize("action", ["*", "s3:*", "s3:"])
    def test_wildcards_are_refused(self, action: str) -> None:
        with pytest.raises(ValueError, match="name the actions"):
            iam.statement("All", [action], ["*"])

    def test_trust_cannot_be_used_for_another_account(self) -> None:
        (statement,) = json.loads(iam.trust("ecs-tasks.amazonaws.com", account="123456789012"))["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


class TestEndpoints:
    def test_gateway_reaches_our_buckets_and_the_layer_bucket_only(self) -> None:
        policy = json.loads(endpoint_services.s3_policy(NAMES, ["arn:aws:s3:::ours"]))
        reached = {
            resource
            for s in policy["Statement"]
            for resource in (s["Resource"] if isinstance(s["Resource"], list) else [s["Resource"]])
        }
        assert reached == {
            "arn:aws:s3:::ours",
            "arn:aws:s3:::ours/*",
            "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*",
        }

    @pytest.mark.parametrize("service", [*endpoint_services.REQUIRED, *endpoint_services.OPTIONAL])
    def test_interface_endpoints_serve_this_account_only(self, service: str) -> None:
        """A statement whose action names no resource cannot check the resource's owner; every other one does."""
        for statement in json.loads(endpoint_services.interface_policy(NAMES, service, ["arn:x"]))["Statement"]:
            accounts = statement["Condition"]["StringEquals"]
            assert accounts.pop("aws:PrincipalAccount") == "123456789012"
            without_resource = statement["Sid"] == "SignIn" or service in {
                "ecs-agent",
                "ecs-telemetry",
                "monitoring",
                "ssmmessages",
                "sts",
            }
            assert accounts == ({} if without_resource else {"aws:ResourceAccount": "123456789012"})

    def test_the_gateway_serves_only_buckets_of_this_account(self) -> None:
        """Except the layer bucket, which is AWS's own."""
        document = json.loads(endpoint_services.s3_policy(NAMES, ["arn:aws:s3:::bucket-input-123456789012-dev"]))
        owners = {s["Sid"]: s.get("Condition", {}).get("StringEquals", {}) for s in document["Statement"]}
        for sid in ("ThisPlatformsObjects", "ThisPlatformsBuckets"):
            assert owners[sid]["aws:ResourceAccount"] == "123456789012"
        assert owners["ImageLayers"] == {}


class TestSecrets:
    @pytest.mark.parametrize(
        "reference",
        [
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:password::",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:password:AWSCURRENT:",
        ],
    )
    def test_iam_knows_the_secret_without_key_and_version(self, reference: str) -> None:
        assert iam.secret_arn(reference) == "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"

    def test_a_parameter_stays_what_it_is(self) -> None:
        parameter = "arn:aws:ssm:us-east-1:123456789012:parameter/batch/db"
        assert iam.secret_arn(parameter) == parameter


class TestTags:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("dependabot[bot]", "dependabot-bot"),
            ("Risk & X", "Risk - X"),
            ("Jürgen Müller", "Jürgen Müller"),
            ("a" * 300, "a" * 256),
            ("[]", "none"),
        ],
    )
    def test_what_no_tag_may_hold_is_replaced(self, value: str, expected: str) -> None:
        tags = self.tags({}, {"BATCH_COMMIT_AUTHOR": value})
        assert tags["CommitAuthor"] == expected

    NOW = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)

    def tags(self, configured: dict[str, str | None], variables: dict[str, str]) -> dict[str, str]:
        return tagging.required(configured, environment="dev", project="p", variables=variables, now=self.NOW)

    def test_settings_win_over_ci(self) -> None:
        assert self.tags({"Repository": "mine"}, {"GITHUB_REPOSITORY": "theirs"})["Repository"] == "mine"

    def test_github(self) -> None:
        variables = {"GITHUB_REPOSITORY": "o/r", "GITHUB_ACTOR": "jane", "GITHUB_REF": "refs/pull/42/merge"}
        tags = self.tags({}, variables)
        assert (tags["Repository"], tags["CommitAuthor"], tags["PRNumber"]) == ("o/r", "jane", "42")

    def test_gitlab(self) -> None:
        variables = {"CI_PROJECT_PATH": "o/r", "GITLAB_USER_LOGIN": "joe", "CI_MERGE_REQUEST_IID": "7"}
        tags = self.tags({}, variables)
        assert (tags["Repository"], tags["CommitAuthor"], tags["PRNumber"]) == ("o/r", "joe", "7")

    def test_nothing_known_still_gives_all_eight(self) -> None:
        tags = self.tags({}, {})
        assert tags == {
            "Repository": "none",
            "CommitAuthor": "none",
            "PRNumber": "none",
            "Team": "none",
            "CreatedAt": "2026-11-20T03:04:05Z",
            "Environment": "dev",
            "Project": "p",
            "ManagedBy": "pulumi",
        }


class TestRegistry:
    def test_reference(self) -> None:
        assert reference("r/x", "release-7") == "r/x:release-7"
        assert reference("r/x", "sha256:" + "0" * 64) == "r/x@sha256:" + "0" * 64

    @given(pushes=st.lists(st.booleans(), min_size=1, max_size=60), keep=st.integers(2, 15))
    def test_the_deployed_image_is_never_expired(self, pushes: list[bool], keep: int) -> None:
        """Whatever is pushed and however seldom it is deployed, ECR's own evaluation leaves the image that runs.

        `pushes` says of each pushed image whether it was deployed; ECR evaluates rules by priority and never lets a
        rule expire an image that matches the tags of a rule before it.
        """
        images = [{"release-": n, **({"deployed-": n} if deployed else {})} for n, deployed in enumerate(pushes)]
        running = max((n for n, deployed in enumerate(pushes) if deployed), default=None)
        expired: set[int] = set()
        claimed: set[int] = set()
        for rule in json.loads(lifecycle(keep, 7))["rules"]:
            selection = rule["selection"]
            for prefix in selection.get("tagPrefixList", []):
                matching = [n for n, tags in enumerate(images) if prefix in tags]
                expired |= set(matching[: -selection["countNumber"]]) - claimed
                claimed |= set(matching)
        assert running not in expired
        releases_only = [n for n, deployed in enumerate(pushes) if not deployed]
        assert len(set(releases_only) - expired) <= keep
