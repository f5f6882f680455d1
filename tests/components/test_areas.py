"""The twelve test areas of the failure report (FR-T1 to FR-T12), on the real program, for both committed stacks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy.rules import Resource
from tests.programs import Program, document, recording

JOBS: dict[str, tuple[str, str, int]] = {
    "data-ingestion": ("1024", "2048", 10),
    "risk-calculation": ("2048", "4096", 20),
    "report-generation": ("512", "1024", 5),
}
LAYERS = ("keys", "network", "data", "registry", "batch", *JOBS)


class TestT1Cluster:
    """FARGATE and FARGATE_SPOT associated, Container Insights on with a group that existed first."""

    def test_insights_group_comes_first(self, program: Program) -> None:
        (cluster,) = program.all("aws:ecs/cluster:Cluster")
        group = program.one("aws:cloudwatch/logGroup:LogGroup", "batch-insights")
        assert cluster.props["settings"] == [{"name": "containerInsights", "value": "enabled"}]
        assert group.props["name"] == f"/aws/ecs/containerinsights/cluster-batch-{program.stack}/performance"
        assert group.urn in cluster.dependencies

    def test_capacity(self, program: Program) -> None:
        (association,) = program.all("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders")
        assert association.props["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
        expected = {
            "dev": [
                {"capacityProvider": "FARGATE", "weight": 0, "base": 1},
                {"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0},
            ],
            "prod": [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}],
        }
        assert association.props["defaultCapacityProviderStrategies"] == expected[program.stack]
        assert program.all("aws:ecs/capacityProvider:CapacityProvider") == []


@pytest.mark.parametrize("job", JOBS)
class TestT2TaskDefinitions:
    """Sizes of the product request, hardened containers, platform stated."""

    @staticmethod
    def container(program: Program, job: str) -> tuple[Resource, dict[str, Any]]:
        definition = program.one("aws:ecs/taskDefinition:TaskDefinition", f"{job}-task")
        (container,) = json.loads(definition.props["containerDefinitions"])
        return definition, container

    def test_size_and_platform(self, program: Program, job: str) -> None:
        definition, _ = self.container(program, job)
        assert (definition.props["cpu"], definition.props["memory"]) == JOBS[job][:2]
        assert definition.props["networkMode"] == "awsvpc"
        assert definition.props["requiresCompatibilities"] == ["FARGATE"]
        assert definition.props["runtimePlatform"] == {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}
        assert "placementConstraints" not in definition.props
        assert definition.props.get("skipDestroy") is (True if program.stack == "prod" else None)

    def test_container_is_hardened(self, program: Program, job: str) -> None:
        _, container = self.container(program, job)
        assert container["user"] == "10001:10001"
        assert container["readonlyRootFilesystem"] is True
        assert container["privileged"] is False
        assert container["stopTimeout"] == 120
        assert container["linuxParameters"] == {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}}
        assert container["mountPoints"] == [{"sourceVolume": "scratch", "containerPath": "/scratch", "readOnly": False}]
        assert container["healthCheck"]["startPeriod"] == 120
        assert container["logConfiguration"]["options"]["mode"] == "non-blocking"
        assert container["logConfiguration"]["options"]["awslogs-group"] == f"/batch/{job}-{program.stack}"

    def test_image_is_the_jobs_own_and_pinned(self, program: Program, job: str) -> None:
        _, container = self.container(program, job)
        repository = program.one("aws:ecr/repository:Repository", f"registry-{job}")
        assert container["image"] == f"{repository.props['repositoryUrl']}:release-0"


@pytest.mark.parametrize("job", JOBS)
class TestT3Repositories:
    """One a job: scanned on push, immutable, encrypted, with a lifecycle that cannot delete what runs."""

    def test_repository(self, program: Program, job: str) -> None:
        repository = program.one("aws:ecr/repository:Repository", f"registry-{job}")
        assert repository.props["name"] == f"repository-{job}-{program.stack}"
        assert repository.props["imageTagMutability"] == "IMMUTABLE"
        assert repository.props["imageScanningConfiguration"] == {"scanOnPush": True}
        (encryption,) = repository.props["encryptionConfigurations"]
        assert encryption["encryptionType"] == "KMS"
        assert encryption["kmsKey"].startswith("arn:aws:kms:us-east-1:123456789012:key/")
        assert repository.props["forceDelete"] is (program.stack == "dev")

    def test_lifecycle(self, program: Program, job: str) -> None:
        policy = program.one("aws:ecr/lifecyclePolicy:LifecyclePolicy", f"registry-{job}-lifecycle")
        deployed, release, untagged = document(policy)["rules"]
        assert [rule["rulePriority"] for rule in (deployed, release, untagged)] == [1, 2, 3]
        assert deployed["selection"]["tagPrefixList"] == ["deployed-"]
        assert release["selection"]["tagPrefixList"] == ["release-"]
        assert release["selection"]["countNumber"] == 10
        assert untagged["selection"]["tagStatus"] == "untagged"


class TestT4Keys:
    """Three customer keys that rotate, go as fast or slowly as teardown says, and admit nobody but what uses them."""

    def test_keys(self, program: Program) -> None:
        keys = program.all("aws:kms/key:Key")
        assert {key.name for key in keys} >= {"keys-data", "keys-logs", "keys-messages"}
        for key in keys:
            assert key.props["enableKeyRotation"] is True
            assert key.props["deletionWindowInDays"] == {"dev": 7, "prod": 30}[program.stack]
            for statement in document(key)["Statement"]:
                assert statement["Principal"] != "*"
                assert statement["Principal"].get("AWS", "arn:aws:iam::123456789012:root") != "*"
        aliases = {alias.props["name"] for alias in program.all("aws:kms/alias:Alias")}
        assert {f"alias/key-{p}-{program.stack}" for p in ("data", "logs", "messages")} <= aliases

    def test_logs_key_admits_this_stacks_groups_only(self, program: Program) -> None:
        statements = document(program.one("aws:kms/key:Key", "keys-logs"))["Statement"]
        (logs,) = [s for s in statements if "Service" in s["Principal"]]
        assert logs["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
        patterns = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
        assert all(f"-{program.stack}" in pattern for pattern in patterns)

    def test_events_are_admitted_without_source_conditions(self, program: Program) -> None:
        """EventBridge sends no source condition: with one, delivery fails silently (docs/aws-facts.md#sns-key)."""
        statements = document(program.one("aws:kms/key:Key", "keys-messages"))["Statement"]
        events = [s for s in statements if s["Principal"].get("Service") == "events.amazonaws.com"]
        assert events
        for statement in events:
            assert "aws:Source" not in json.dumps(statement["Condition"])


class TestT5LogGroups:
    """Every group: 30 days, under the logs key."""

    def test_groups(self, program: Program) -> None:
        groups = program.all("aws:cloudwatch/logGroup:LogGroup")
        names = {group.props["name"] for group in groups}
        assert {f"/batch/{purpose}-{program.stack}" for purpose in (*JOBS, "flow-logs")} <= names
        key = program.one("aws:kms/key:Key", "keys-logs").props["arn"]
        for group in groups:
            assert group.props["retentionInDays"] == 30, group.name
            assert group.props["kmsKeyId"] == key, group.name


class TestT6Roles:
    """Execution and task role apart; each reaches what its job needs and nothing else."""

    @pytest.mark.parametrize("job", JOBS)
    def test_execution_role(self, program: Program, job: str) -> None:
        policy = program.one("aws:iam/rolePolicy:RolePolicy", f"{job}-start-task-policy")
        statements = {s["Sid"]: s for s in document(policy)["Statement"]}
        assert set(statements) == {"PullOwnImage", "SignInToRegistry", "WriteOwnLog"}
        repository = f"arn:aws:ecr:us-east-1:123456789012:repository/repository-{job}-{program.stack}"
        assert statements["PullOwnImage"]["Resource"] == repository
        group = f"arn:aws:logs:us-east-1:123456789012:log-group:/batch/{job}-{program.stack}:*"
        assert statements["WriteOwnLog"]["Resource"] == group

    @pytest.mark.parametrize(
        ("job", "reads", "writes"),
        [
            ("data-ingestion", {"input/incoming/"}, {"output/shards/", "output/quarantine/"}),
            ("risk-calculation", {"output/shards/"}, {"output/results/"}),
            ("report-generation", {"output/shards/", "output/results/"}, {"output/reports/"}),
        ],
    )
    def test_task_role_is_confined_to_prefixes(
        self, program: Program, job: str, reads: set[str], writes: set[str]
    ) -> None:
        policy = program.one("aws:iam/rolePolicy:RolePolicy", f"{job}-reach-own-data-policy")
        reached: dict[str, set[str]] = {"Read": set(), "Write": set()}
        for statement in document(policy)["Statement"]:
            resources = statement["Resource"]
            for resource in [resources] if isinstance(resources, str) else resources:
                bucket, _, key = resource.removeprefix("arn:aws:s3:::bucket-").partition("/")
                if key:
                    verb = "Read" if statement["Sid"].startswith("Read") else "Write"
                    reached[verb].add(f"{bucket.partition('-')[0]}/{key.removesuffix('*')}")
        assert reached == {"Read": reads, "Write": writes}

    def test_trust_is_of_this_account_only(self, program: Program) -> None:
        roles = program.all("aws:iam/role:Role")
        assert len(roles) >= 7
        for role in roles:
            trust = json.loads(role.props["assumeRolePolicy"])
            assert trust["Version"] == "2012-10-17"
            (statement,) = trust["Statement"]
            assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == "123456789012", role.name

    def test_versions_and_wildcards(self, program: Program) -> None:
        for policy in program.all("aws:iam/rolePolicy:RolePolicy"):
            made = document(policy)
            assert made["Version"] == "2012-10-17"
            for statement in made["Statement"]:
                actions = statement["Action"]
                for action in [actions] if isinstance(actions, str) else actions:
                    assert action.partition(":")[2] not in ("", "*"), f"{policy.name}: {action}"


@pytest.mark.parametrize("job", JOBS)
class TestT7Scaling:
    """From zero to the job's limit; 70 % CPU; 300 s both ways."""

    def test_target_and_policy(self, program: Program, job: str) -> None:
        target = program.one("aws:appautoscaling/target:Target", f"{job}-scaling")
        assert (target.props["minCapacity"], target.props["maxCapacity"]) == (0, JOBS[job][2])
        service = f"service/cluster-batch-{program.stack}/service-{job}-{program.stack}"
        assert target.props["resourceId"] == service
        policy = program.one("aws:appautoscaling/policy:Policy", f"{job}-cpu-tracking")
        assert policy.props["targetTrackingScalingPolicyConfiguration"] == {
            "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
            "targetValue": 70,
            "scaleInCooldown": 300,
            "scaleOutCooldown": 300,
            "disableScaleIn": False,
        }


class TestT8EventRules:
    """Each bucket that a rule listens to has its EventBridge switch on."""

    def test_switch(self, program: Program) -> None:
        (notification,) = program.all("aws:s3/bucketNotification:BucketNotification")
        assert notification.props["eventbridge"] is True
        assert notification.props["bucket"] == f"bucket-input-123456789012-{program.stack}"
        for rule in program.all("aws:cloudwatch/eventRule:EventRule"):
            pattern = json.loads(rule.props["eventPattern"])
            if pattern.get("source") == ["aws.s3"]:
                assert pattern["detail"]["bucket"]["name"] == [notification.props["bucket"]]


class TestT9Alarms:
    """No alarm on a metric that does not exist; missing data is not a breach unless a stated reason says so."""

    def test_no_alarm_on_tasks_failed(self, program: Program) -> None:
        for alarm in program.all("aws:cloudwatch/metricAlarm:MetricAlarm"):
            assert "TasksFailed" not in json.dumps(dict(alarm.props))
            assert alarm.props["name"].endswith(f"-{program.stack}")


@pytest.mark.parametrize("job", JOBS)
class TestT10Services:
    """At zero, with circuit breaker and rollback, over three subnets, by capacity provider; nothing that Fargate
    rejects.
    """

    def test_service(self, program: Program, job: str) -> None:
        service = program.one("aws:ecs/service:Service", f"{job}-service")
        props = service.props
        assert props["desiredCount"] == 0
        assert service.options.ignore_changes == ("desiredCount", "tags.CreatedAt")
        assert props["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
        assert props["platformVersion"] == "1.4.0"
        assert props["propagateTags"] == "SERVICE"
        assert len(props["networkConfiguration"]["subnets"]) == 3
        assert props["networkConfiguration"]["assignPublicIp"] is False
        expected = {
            "dev": [
                {"capacityProvider": "FARGATE", "weight": 0, "base": 1},
                {"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0},
            ],
            "prod": [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}],
        }
        assert props["capacityProviderStrategies"] == expected[program.stack]

    def test_absent(self, program: Program, job: str) -> None:
        props = program.one("aws:ecs/service:Service", f"{job}-service").props
        for key in (
            "launchType",
            "placementConstraints",
            "orderedPlacementStrategies",
            "healthCheckGracePeriodSeconds",
            "loadBalancers",
            "iamRole",
        ):
            assert key not in props

    def test_outlived_by_the_capacity_association(self, program: Program, job: str) -> None:
        (association,) = program.all("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders")
        assert association.urn in program.one("aws:ecs/service:Service", f"{job}-service").dependencies


class TestT11Names:
    """`{type}-{purpose}-{suffix}` wherever a name is given; the account id in bucket names."""

    def test_suffix(self, program: Program) -> None:
        named = 0
        for resource in program.graph.resources:
            for key in ("name", "family", "bucket"):
                name = resource.props.get(key)
                is_own = not (key == "bucket" and resource.type != "aws:s3/bucket:Bucket")
                if resource.custom and isinstance(name, str) and is_own and "iam/rolePolicy" not in resource.type:
                    named += 1
                    last = name.removesuffix("/performance")
                    assert last.endswith(f"-{program.stack}"), f"{resource.urn}: {name}"
        assert named > 30

    def test_two_stacks_in_one_account_share_no_name(self) -> None:
        """The names in the outputs of dev and of prod have nothing in common."""

        def names(stack: str) -> set[str]:
            outputs = recording(stack, "resolved").outputs
            chosen = [value for name, value in outputs.items() if name.endswith(("Name", "Names"))]
            maps, plain = [v for v in chosen if isinstance(v, dict)], [v for v in chosen if isinstance(v, str)]
            return {*plain, *(value for given in maps for value in given.values())}

        assert names("dev") & names("prod") == set()
        assert len(names("dev")) > 20

    def test_components_have_namespaced_tokens(self, program: Program) -> None:
        components = [resource for resource in program.graph.resources if not resource.custom]
        assert {component.name for component in components} >= set(LAYERS)
        assert all(component.type.startswith("batch:") for component in components)

    def test_every_resource_belongs_to_a_component(self, program: Program) -> None:
        components = {resource.urn for resource in program.graph.resources if not resource.custom}
        for resource in program.graph.resources:
            if resource.custom and not resource.type.startswith("pulumi:"):
                assert resource.parent in components, resource.urn


class TestT12Destroyable:
    """Nothing is retained; with teardown nothing is protected, without it exactly what holds data."""

    def test_nothing_outlives_its_stack(self, program: Program) -> None:
        for resource in program.graph.resources:
            assert resource.options.retain_on_delete is False
            assert resource.options.deleted_with is None

    def test_what_holds_data_is_protected(self, program: Program) -> None:
        """With all that belongs to it: a bucket without its access block would be open while it waits."""
        protected = {r.type for r in program.graph.resources if r.custom and r.options.protect}
        if program.stack == "dev":
            assert protected == set()
            return
        services = {token.split(":")[1].split("/")[0] for token in protected}
        assert services == {"s3", "dynamodb", "ecr", "kms"}
        for resource in program.graph.resources:
            if resource.type.startswith(("aws:s3/", "aws:dynamodb/", "aws:ecr/")):
                assert resource.options.protect, resource.name
        assert [key.name for key in program.all("aws:kms/key:Key") if key.options.protect] == ["keys-data"]

    def test_force_flags(self, program: Program) -> None:
        buckets = program.all("aws:s3/bucket:Bucket")
        assert len(buckets) == 3
        assert {bucket.props["forceDestroy"] for bucket in buckets} == {program.stack == "dev"}
        for table in program.all("aws:dynamodb/table:Table"):
            assert table.props["deletionProtectionEnabled"] is (program.stack == "prod")


class TestTags:
    """The eight required tags on everything that can be tagged."""

    def test_tags(self, program: Program) -> None:
        required = {
            "Repository",
            "CommitAuthor",
            "PRNumber",
            "Team",
            "CreatedAt",
            "Environment",
            "Project",
            "ManagedBy",
        }
        tagged = [resource for resource in program.graph.resources if "tags" in resource.props]
        assert len(tagged) > 40
        for resource in tagged:
            tags = resource.props["tags"]
            assert required <= set(tags), resource.urn
            assert tags["Environment"] == program.stack
            assert tags["Team"] == "batch"
            assert tags["ManagedBy"] == "pulumi"
            assert "tags.CreatedAt" in resource.options.ignore_changes
