"""Requests about task definitions."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute
from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, Strict
from tests.sandbox.strict.containers.seeds import _DEFINITION, _MAIN, main
from tests.sandbox.strict.requests import ABSENT, Request, request


def _two(**members: Any) -> dict[str, Any]:
    second = {"name": "second", "image": "image", "cpu": 0, "memory": 128, **members}
    return {"containerDefinitions": [{**_MAIN, "cpu": 128, "memory": 256}, second]}


def _container(**members: Any) -> Any:
    def change(a: Strict) -> dict[str, Any]:
        first, second = compute.task(a)["containerDefinitions"]
        container = {name: value for name, value in {**first, **members}.items() if value is not ABSENT}
        return {"containerDefinitions": [container, second]}

    return change


_AWSLOGS: Final = {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "s"}


_FOREIGN: Final = "arn:aws:iam::210987654321:role/somebody"


REQUESTS: Final[dict[str, list[Request]]] = {
    "ecs": [
        request(
            "RegisterTaskDefinition",
            _DEFINITION[1],
            cpu={"cpu": "300"},
            memory={"memory": "600"},
            pair={"cpu": "256", "memory": "8192"},
            no_memory={"memory": ABSENT},
            words={"cpu": "a quarter"},
            no_image=main(image=ABSENT),
            no_name=main(name=ABSENT),
            name=main(name="a b"),
            none={"containerDefinitions": []},
            twice={"containerDefinitions": [{**_MAIN, "cpu": 64, "memory": 64}] * 2},
            nothing_essential=main(essential=False),
            network={"networkMode": "bridge"},
            foreign_network={"networkMode": "lan"},
            compatibility={"requiresCompatibilities": ["LAMBDA"]},
            family={"family": "a b"},
            no_family={"family": ABSENT},
            no_execution_role={"executionRoleArn": ABSENT},
            ghost={"taskRoleArn": NO_ROLE},
            role_of_another=lambda a: {"taskRoleArn": a.events_role},
            privileged=main(privileged=True),
            links=main(links=["other"]),
            driver=main(logConfiguration={"logDriver": "json-file"}),
            foreign_driver=main(logConfiguration={"logDriver": "cloudwatch"}),
            no_log_group=main(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-region": "us-east-1"}}),
            no_prefix=main(
                logConfiguration={"logDriver": "awslogs", "options": {n: _AWSLOGS[n] for n in list(_AWSLOGS)[:2]}}
            ),
            log_option=main(
                logConfiguration={"logDriver": "awslogs", "options": {**_AWSLOGS, "awslogs-colour": "red"}}
            ),
            log_mode=main(logConfiguration={"logDriver": "awslogs", "options": {**_AWSLOGS, "mode": "sometimes"}}),
            capability=main(linuxParameters={"capabilities": {"add": ["SYS_ADMIN"]}}),
            device=main(linuxParameters={"devices": [{"hostPath": "/dev/x"}]}),
            shared_memory=main(linuxParameters={"sharedMemorySize": 64}),
            swap=main(linuxParameters={"maxSwap": 64}),
            host_volume={"volumes": [{"name": "v", "host": {"sourcePath": "/x"}}]},
            docker_volume={"volumes": [{"name": "v", "dockerVolumeConfiguration": {"scope": "task"}}]},
            volume_name={"volumes": [{"name": "a b"}]},
            volume_twice={"volumes": [{"name": "v"}, {"name": "v"}]},
            no_volume=main(mountPoints=[{"sourceVolume": "none", "containerPath": "/x"}]),
            no_path={**main(mountPoints=[{"sourceVolume": "v"}]), "volumes": [{"name": "v"}]},
            file_system={"volumes": [{"name": "v", "efsVolumeConfiguration": {"rootDirectory": "/"}}]},
            stop=main(stopTimeout=121),
            negative_stop=main(stopTimeout=-1),
            start=main(startTimeout=1),
            interval=main(healthCheck={"command": ["CMD", "true"], "interval": 4}),
            timeout=main(healthCheck={"command": ["CMD", "true"], "timeout": 61}),
            retries=main(healthCheck={"command": ["CMD", "true"], "retries": 11}),
            grace=main(healthCheck={"command": ["CMD", "true"], "startPeriod": 301}),
            command=main(healthCheck={"command": ["true"]}),
            no_command=main(healthCheck={"command": []}),
            limit=main(ulimits=[{"name": "files", "softLimit": 1, "hardLimit": 1}]),
            soft_over_hard=main(ulimits=[{"name": "nofile", "softLimit": 2, "hardLimit": 1}]),
            port=main(portMappings=[{"containerPort": 70000}]),
            other_port=main(portMappings=[{"containerPort": 80, "hostPort": 81}]),
            protocol=main(portMappings=[{"containerPort": 80, "protocol": "sctp"}]),
            secret=main(secrets=[{"name": "S"}]),
            secret_name=main(secrets=[{"name": "", "valueFrom": f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/x"}]),
            secret_and_variable=main(
                environment=[{"name": "S", "value": "x"}],
                secrets=[{"name": "S", "valueFrom": f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/x"}],
            ),
            nameless=main(environment=[{"value": "x"}]),
            file=main(environmentFiles=[{"type": "s3", "value": "https://example.org/x.env"}]),
            gpu=main(resourceRequirements=[{"type": "GPU", "value": "1"}]),
            storage={"ephemeralStorage": {"sizeInGiB": 20}},
            large_storage={"ephemeralStorage": {"sizeInGiB": 201}},
            platform={"runtimePlatform": {"cpuArchitecture": "SPARC"}},
            system={"runtimePlatform": {"operatingSystemFamily": "BEOS"}},
            small_windows={
                "runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE", "cpuArchitecture": "X86_64"}
            },
            placement={"placementConstraints": [{"type": "memberOf", "expression": "x"}]},
            host_processes={"pidMode": "host"},
            ipc={"ipcMode": "host"},
            small=main(memory=3),
            reservation=main(memory=256, memoryReservation=512),
            sum=main(cpu=512),
            unknown_dependency=main(dependsOn=[{"containerName": "other", "condition": "START"}]),
            condition=_two(dependsOn=[{"containerName": "main", "condition": "READY"}]),
            without_health=_two(dependsOn=[{"containerName": "main", "condition": "HEALTHY"}]),
            essential_success=_two(dependsOn=[{"containerName": "main", "condition": "SUCCESS"}]),
            itself=main(dependsOn=[{"containerName": "main", "condition": "START"}]),
            circle={
                "containerDefinitions": [
                    {
                        **_MAIN,
                        "cpu": 128,
                        "memory": 256,
                        "dependsOn": [{"containerName": "second", "condition": "START"}],
                    },
                    {
                        "name": "second",
                        "image": "i",
                        "memory": 64,
                        "dependsOn": [{"containerName": "main", "condition": "START"}],
                    },
                ]
            },
            hostname=main(hostname="h"),
            hosts=main(extraHosts=[{"hostname": "h", "ipAddress": "10.0.0.1"}]),
            servers=main(dnsServers=["10.0.0.2"]),
            domains=main(dnsSearchDomains=["x"]),
            security=main(dockerSecurityOptions=["no-new-privileges"]),
            restart=main(restartPolicy={"enabled": True, "restartAttemptPeriod": 59}),
            many_tags={"tags": [{"key": str(n), "value": "v"} for n in range(51)]},
            reserved_tag={"tags": [{"key": "aws:k", "value": "v"}]},
            image_with_space=main(image="an image"),
        ),
        request(
            "DescribeTaskDefinition",
            {"taskDefinition": "fargate"},
            none={"taskDefinition": "ghost"},
            revision={"taskDefinition": "fargate:999"},
        ),
        request(
            "DeregisterTaskDefinition",
            lambda a: {"taskDefinition": a.new_definition()},
            no_revision={"taskDefinition": "fargate"},
            none={"taskDefinition": "fargate:999"},
        ),
        request(
            "RegisterTaskDefinition",
            compute.task,
            digest=_container(image="repository/image@sha256:abc"),
            image=_container(image="i" * 256),
            port_name=_container(portMappings=[{"containerPort": 80, "name": "n" * 65}]),
            hyphen=_container(portMappings=[{"containerPort": 80, "name": "-web"}]),
            upside_down=_container(portMappings=[{"containerPortRange": "90-80"}]),
            wide_range=_container(portMappings=[{"containerPortRange": "1000-1200"}]),
            low_range=_container(portMappings=[{"containerPortRange": "0-10"}]),
            exit_codes=_container(restartPolicy={"enabled": True, "ignoredExitCodes": list(range(51))}),
            short_restart=_container(restartPolicy={"enabled": True, "restartAttemptPeriod": 59}),
            long_restart=_container(restartPolicy={"enabled": True, "restartAttemptPeriod": 1801}),
            files=_container(environmentFiles=[{"type": "s3", "value": f"arn:aws:s3:::b/{n}.env"} for n in range(11)]),
            file=_container(environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::b/variables.txt"}]),
            swappiness=_container(linuxParameters={"swappiness": 101}),
            hostname=_container(hostname="job"),
            user=_container(user="-1"),
            two_delimiters=_container(
                logConfiguration={
                    "logDriver": "awslogs",
                    "options": {**_AWSLOGS, "awslogs-datetime-format": "%Y", "awslogs-multiline-pattern": "^x"},
                }
            ),
            firelens=_container(firelensConfiguration={"type": "logstash"}),
            inference={"inferenceAccelerators": [{"deviceName": "d", "deviceType": "t"}]},
            family={"family": "f" * 256},
            security=_container(dockerSecurityOptions=["no-new-privileges"]),
        ),
        request(
            "RegisterTaskDefinition",
            compute.task,
            pair={"cpu": "1024", "memory": "1024"},
            huge={"cpu": "16384", "memory": "16384"},
            odd={"cpu": "2048", "memory": "4097"},
            foreign_role={"taskRoleArn": _FOREIGN},
            secret_plain=main(secrets=[{"name": "S", "valueFrom": ""}]),
            secret_arn=main(secrets=[{"name": "S", "valueFrom": f"arn:aws:s3:::bucket/{ACCOUNT}"}]),
            log_group=main(
                logConfiguration={
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "s"},
                }
            ),
            timeout_over_interval=main(healthCheck={"command": ["CMD", "true"], "interval": 301}),
            architecture={
                "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}
            },
            tag={"tags": [{"key": "k" * 129, "value": "v"}]},
            image_spaces=main(image="an image"),
        ),
    ],
}
