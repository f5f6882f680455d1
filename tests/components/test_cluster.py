"""Cluster alone under mocks."""

from components.cluster import Cluster, ClusterArgs
from tests.mocks import CONTEXT, SETTINGS, built


def test_a_fargate_cluster_with_container_insights() -> None:
    mocks = built(lambda: Cluster("batch", ClusterArgs(context=CONTEXT, capacity=SETTINGS.platform.capacity)))
    cluster = mocks.one("aws:ecs/cluster:Cluster")
    assert (cluster["name"], cluster["settings"]) == (
        "cluster-batch-dev",
        [{"name": "containerInsights", "value": "enabled"}],
    )
    association = mocks.one("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders")
    assert association["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    insights = mocks.one("aws:cloudwatch/logGroup:LogGroup")
    assert insights["name"] == "/aws/ecs/containerinsights/cluster-batch-dev/performance"
    assert insights["kmsKeyId"] == CONTEXT.logs_key_arn
