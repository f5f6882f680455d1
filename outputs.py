"""The stack's outputs: the flat names under which other programs find what the platform made.

They are stable; CHANGELOG.md says when one changes. Only `__main__.py` exports, because an export in a helper module is
easily lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.cluster import Cluster
from components.data import Data
from components.encryption import Keys
from components.job.service import JobService
from components.monitoring.monitoring import Monitoring
from components.networking import Networking
from components.nightly.run import NightlyRun
from components.nightly.run_monitors import RunMonitors
from components.notifications import Notifications
from components.registry import Registry
from conventions.naming import Names


def of_platform(
    names: Names,
    keys: Keys,
    networking: Networking,
    data: Data,
    registry: Registry,
    cluster: Cluster,
    jobs: Mapping[str, JobService],
    *,
    teardown: bool,
) -> dict[str, Any]:
    """What the layers below the nightly run export, by camelCase name; maps are keyed by job, endpoint or purpose."""
    return {
        "environment": names.suffix,
        "accountId": names.account,
        "region": names.region,
        "teardown": teardown,
        "vpcId": networking.vpc_id,
        "privateSubnetIds": networking.subnet_ids,
        "routeTableIds": networking.route_table_ids,
        "taskSecurityGroupId": networking.task_security_group_id,
        "endpointSecurityGroupId": networking.endpoint_security_group_id,
        "endpointIds": networking.endpoint_ids,
        "dataKeyArn": keys.data_arn,
        "logsKeyArn": keys.arns["logs"],
        "messagesKeyArn": keys.arns["messages"],
        "inputBucketName": data.input_bucket_name,
        "inputBucketArn": data.input_bucket_arn,
        "outputBucketName": data.output_bucket_name,
        "outputBucketArn": data.output_bucket_arn,
        "auditBucketName": data.audit_bucket_name,
        "auditBucketArn": data.audit_bucket_arn,
        "ledgerTableName": data.ledger_name,
        "ledgerTableArn": data.ledger_arn,
        "repositoryUrls": registry.repository_urls,
        "repositoryArns": registry.repository_arns,
        "clusterName": cluster.name,
        "clusterArn": cluster.arn,
        **_by_job(
            jobs,
            taskDefinitionArns="task_definition_arn",
            taskRoleArns="task_role_arn",
            executionRoleArns="execution_role_arn",
            serviceNames="service_name",
            serviceArns="service_arn",
        ),
        "jobAlarmNames": {
            purpose: name for job in jobs.values() if job.worker for purpose, name in job.worker.alarm_names.items()
        },
        "jobQueueUrls": {job: service.worker.queue_url for job, service in jobs.items() if service.worker},
        "jobDeadLetterQueueUrls": {
            job: service.worker.dead_letter_queue_url for job, service in jobs.items() if service.worker
        },
        "logGroupNames": _log_groups(networking, cluster, jobs, "name"),
        "logGroupArns": _log_groups(networking, cluster, jobs, "arn"),
    }


def of_nightly_run(
    notifications: Notifications, nightly: NightlyRun, run_monitors: RunMonitors, monitoring: Monitoring
) -> dict[str, Any]:
    """What the nightly run and its monitors export; maps are keyed by purpose."""
    return {
        "stateMachineArn": nightly.state_machine_arn,
        "stateMachineName": nightly.state_machine_name,
        "monitorStateMachineArns": run_monitors.state_machine_arns,
        "ruleNames": {**nightly.rule_names, **run_monitors.rule_names, **monitoring.rule_names},
        "scheduleNames": {**nightly.schedule_names, **run_monitors.schedule_names},
        "alarmNames": monitoring.alarm_names,
        "dashboardName": monitoring.dashboard_name,
        "topicArn": notifications.topic_arn,
        "deadLetterQueueUrls": {**nightly.dead_letter_queue_urls, **run_monitors.dead_letter_queue_urls},
        "workflowLogGroupNames": {
            "nightly": nightly.log_group.name,
            "task-events": monitoring.log_group.name,
            **{purpose: group.name for purpose, group in run_monitors.log_groups.items()},
        },
    }


def _by_job(jobs: Mapping[str, JobService], **attributes: str) -> dict[str, dict[str, Any]]:
    return {
        output: {job: getattr(component, attribute) for job, component in jobs.items()}
        for output, attribute in attributes.items()
    }


def _log_groups(
    networking: Networking, cluster: Cluster, jobs: Mapping[str, JobService], attribute: str
) -> dict[str, Any]:
    groups = {job: getattr(component, f"log_group_{attribute}") for job, component in jobs.items()}
    groups["container-insights"] = getattr(cluster.insights_log_group, attribute)
    if networking.flow_log_group is not None:
        groups["flow-logs"] = getattr(networking.flow_log_group, attribute)
    return groups
