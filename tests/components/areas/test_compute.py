"""Test areas of what runs (FR-T1 to T3, T7 to T10), on the real program, for both committed stacks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy.rules import Resource
from tests.components.areas import JOBS
from tests.programs import Program, document


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
    """Sizes of the product, hardened containers, platform stated."""

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
        assert props["forceNewDeployment"] is True, "otherwise another capacity replaces the service"
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
