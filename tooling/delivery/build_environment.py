"""The machine of a build, and the variables that buildspecs and GitHub's workflows read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from conventions.naming import Names

from . import step_rights
from .steps import Architecture, Step

if TYPE_CHECKING:
    from pulumi_aws.codebuild import ProjectEnvironmentArgsDict

    import tooling.delivery.delivery_settings

MACHINES: Final[Mapping[Architecture, tuple[str, str]]] = {
    "X86_64": ("LINUX_CONTAINER", "aws/codebuild/amazonlinux-x86_64-standard:5.0"),
    "ARM64": ("ARM_CONTAINER", "aws/codebuild/amazonlinux-aarch64-standard:3.0"),
}
"""Environment type and image of CodeBuild's own.

Source: https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-available.html
"""
SMALL, MEDIUM = "BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM"
"""4 and 8 GB on x86 (https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-compute-types.html)."""


def build_environment(step: Step, its_variables: Mapping[str, str]) -> ProjectEnvironmentArgsDict:
    """The environment of the step's CodeBuild project."""
    kind, image = MACHINES[step.architecture]
    return {
        "type": kind,
        # checking the types of everything takes about 3 GB, more than a small machine has left
        "compute_type": MEDIUM if step.kind == "checks" else SMALL,
        "image": image,
        "privileged_mode": step.runs_docker,
        "environment_variables": [{"name": name, "value": value} for name, value in sorted(its_variables.items())],
    }


def variables(step: Step, names: Names, delivery: tooling.delivery.delivery_settings.Delivery) -> dict[str, str]:
    """What the buildspecs read besides COMMIT and EXECUTION."""
    state = step_rights.stack_backend(step, names, delivery)
    return {
        **shared_variables(names, delivery),
        "ARTIFACT_BUCKET": names.bucket("artifacts"),
        "BATCH_REPOSITORY": str(delivery.repository),
        "PULUMI_BACKEND_URL": state.url(names.region),
        "PULUMI_SECRETS_PROVIDER": f"awskms:///{state.key_alias}?region={names.region}",
        "RELEASE_ARCHITECTURE": "" if step.builds == "all" else step.architecture,
        "STACK": step.stack,
        "STACK_ROLE_ARN": step_rights.stack_role(step, names, delivery) or "",
    }


def shared_variables(names: Names, delivery: tooling.delivery.delivery_settings.Delivery) -> dict[str, str]:
    """Variables whose values are the same for every step, in CodeBuild and at GitHub."""
    scan = delivery.scan
    return {
        "RELEASE_SUFFIX": names.suffix,
        "REPORT_BUCKET": names.bucket("reports"),
        "SCAN_FIXABLE_ONLY": str(scan.fixable_only).lower(),
        "SCAN_GRACE_DAYS": ",".join(f"{severity}={days}" for severity, days in sorted(scan.grace_days.items())),
        "SCAN_TIMEOUT": str(scan.timeout),
        "SCAN_TOLERATED": scan.tolerated,
    }
