"""The batch platform: one program, a stack for each environment (composition root)."""

import os

import pulumi

import outputs
import settings
from components.cluster import Cluster, ClusterArgs
from components.data import Data, DataArgs
from components.dns_firewall import DnsFirewall, DnsFirewallArgs
from components.encryption import Keys, KeysArgs
from components.job.service import JobService, JobServiceArgs
from components.monitoring.monitoring import Monitoring, MonitoringArgs
from components.networking import Networking, NetworkingArgs
from components.nightly.run import NightlyRun, NightlyRunArgs
from components.nightly.run_monitors import RunMonitors, RunMonitorsArgs
from components.notifications import Notifications, NotificationsArgs
from components.registry import Registry, RegistryArgs
from components.shared import transformations
from components.shared.account import look_up
from conventions import concurrency, endpoint_services, tagging
from conventions.naming import Names

config, region = settings.load()
agent_account = config.network.agent_account(region)
services = endpoint_services.interface_services(region, config.network.extra_endpoints, guard_duty=bool(agent_account))
account = look_up(region, services)
settings.refuse_renaming(config, account.deployed_environment)
zones = settings.choose_zones(config, account.zones, region, account.endpoint_services)
names = Names(
    suffix=config.platform.environment,
    account=account.id,
    region=region,
    role_path=config.platform.permissions_path,
)
tags = tagging.required(
    config.tags.by_tag(), environment=names.suffix, project=pulumi.get_project(), variables=os.environ
)
pulumi.runtime.register_stack_transformation(
    transformations.standard_tags_and_limits(
        tags, permissions_boundary=config.platform.permissions_boundary, role_path=names.role_path
    )
)

protected = pulumi.ResourceOptions(protect=not config.platform.teardown)
keys = Keys(
    "keys",
    KeysArgs(
        names=names,
        teardown=config.platform.teardown,
        uses=config.platform.customer_keys,
        senders=config.data.senders,
        debug=config.debug,
    ),
)
context = keys.context(log_retention_days=config.platform.log_retention_days, teardown=config.platform.teardown)
data = Data(
    "data",
    DataArgs(context=context, settings=config.data, incoming_prefix=config.workflow.start.prefix),
    protected,
)
buckets = {"input": data.input, "output": data.output}
registry = Registry("registry", RegistryArgs(context=context, settings=config.registry, jobs=config.jobs), protected)
agent_repositories = [endpoint_services.agent_repository_arn(names, agent_account)] if agent_account else []
networking = Networking(
    "network",
    NetworkingArgs(
        context=context,
        settings=config.network,
        zones=zones,
        services=services,
        s3_prefix_list_id=account.s3_prefix_list_id,
        repositories=[*registry.repositories.values()],
        buckets=[*buckets.values()],
        agent_repository_arns=agent_repositories,
        debug=config.debug,
    ),
)
if config.network.dns_firewall:
    registries = [names.account, *([agent_account] if agent_account else [])]
    domains = endpoint_services.resolvable_names(names, services, registries)
    DnsFirewall("dns", DnsFirewallArgs(names=names, vpc_id=networking.vpc_id, domains=domains))
cluster = Cluster(
    "batch",
    ClusterArgs(
        context=context, capacity=config.platform.capacity, guard_duty=agent_account is not None, debug=config.debug
    ),
)
task_network = cluster.task_network(networking.subnet_ids, networking.task_security_group_id)
jobs = {
    name: JobService(
        name,
        JobServiceArgs(
            context=context,
            job=name,
            settings=job,
            image=registry.images[name],
            repository=registry.repositories[name],
            buckets=buckets,
            task_network=task_network,
            agent_repository_arns=agent_repositories,
        ),
    )
    for name, job in config.jobs.items()
}

notifications = Notifications("notifications", NotificationsArgs(context=context, emails=config.alerts.emails))
nightly = NightlyRun(
    "nightly",
    NightlyRunArgs(
        context=context,
        workflow=config.workflow,
        jobs=config.jobs,
        network_places=concurrency.network_places(
            config.network.subnet_ranges, len(services) * config.network.endpoint_zones
        ),
        task_definition_arns={name: jobs[name].task_definition_arn for name in config.workflow.order},
        task_network=task_network,
        input=data.input,
        output=data.output,
        ledger=data.ledger,
        ledger_days=config.data.ledger_days,
        topic=notifications.topic,
    ),
)
run_monitors = RunMonitors(
    "run-monitors",
    RunMonitorsArgs(
        context=context,
        workflow=config.workflow,
        nightly=nightly.state_machine,
        nightly_arn=nightly.state_machine_arn,
        input=data.input,
        ledger=data.ledger,
        topic=notifications.topic,
    ),
)
failure_sources = [nightly.failure_sources, run_monitors.failure_sources]
failure_sources += [job.worker.failure_sources for job in jobs.values() if job.worker]
monitoring = Monitoring(
    "monitoring",
    MonitoringArgs(
        context=context,
        limits=config.alerts,
        topic_arn=notifications.topic_arn,
        cluster=cluster.reference,
        nightly=nightly.state_machine,
        failure_sources=failure_sources,
        job_log_groups={name: job.log_group_name for name, job in jobs.items()},
        window_minutes=config.workflow.deadline.window_seconds // 60,
    ),
)

exported = outputs.of_platform(
    names, keys, networking, data, registry, cluster, jobs, teardown=config.platform.teardown
)
exported |= outputs.of_nightly_run(notifications, nightly, run_monitors, monitoring)
for output, value in {**exported, "platform": exported}.items():
    pulumi.export(output, value)
