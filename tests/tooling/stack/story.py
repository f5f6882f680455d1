"""A checkout, an emulated account and the real engine, for tests that go from an empty account to a deployed stack."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conventions.naming import Names
from sandbox.checkout import copy_checkout
from tests.tooling import codebuild, engine
from tests.tooling.conftest import COMMIT, Account, crane_shim
from tests.tooling.workflows import runner
from tooling.delivery.steps import Step

NAMES = Names(suffix="tooling", account="123456789012", region="us-east-1")
EMULATED = "&awssdk=v2&s3ForcePathStyle=true"
"""What a backend's address needs beyond its own, so that the SDK finds the emulator."""
BACKEND = f"s3://pulumi-state-{NAMES.account}-{NAMES.region}?region={NAMES.region}{EMULATED}"
PROVIDER = f"awskms:///alias/pulumi-state?region={NAMES.region}"


@dataclass
class Story:
    """What happened, step by step."""

    account: Account
    checkout: Path
    variables: dict[str, str]
    images: dict[str, str] = field(default_factory=dict)
    builds: dict[str, codebuild.Build] = field(default_factory=dict)
    calls: dict[str, set[str]] = field(default_factory=dict)
    tooling: dict[str, Any] = field(default_factory=dict)

    def pulumi(self, *arguments: str, folder: str = ".", variables: Mapping[str, str] | None = None) -> str:
        """Runs `pulumi ARGUMENTS`, `variables` over the story's own; a failure shows what it printed."""
        return engine.pulumi(
            *arguments, folder=self.checkout / folder, variables={**self.variables, **(variables or {})}
        )

    def build(self, step: Step, scratch: Path) -> codebuild.Build:
        """Runs the step's buildspec with the variables that its CodeBuild project has, and notes the calls it made."""
        projects = self.account.client("codebuild").batch_get_projects(names=[NAMES.name("build", step.name)])
        project = projects["projects"][0]["environment"]["environmentVariables"]
        self.account.calls()
        done = codebuild.run(
            self.checkout / step.buildspec,
            cwd=self.checkout,
            variables={
                **self.variables,
                **{item["name"]: item["value"] for item in project},
                "PULUMI_BACKEND_URL": next(i["value"] for i in project if i["name"] == "PULUMI_BACKEND_URL") + EMULATED,
                "COMMIT": COMMIT,
                "EXECUTION": "execution-1",
                "CODEBUILD_SRC_DIR_release": str(scratch),
            },
            scratch=scratch,
            skip=("tooling/scripts/setup.py", "install_pulumi.sh", "install_crane.sh"),
        )
        self.calls[step.name] = self.account.calls()
        self.builds[step.name] = done
        return done

    def scanned(self, repository: str, digest: str) -> None:
        """What AWS does after a push: a scan, here without findings."""
        self.account.findings(repository, digest, {})
        self.account.client("ecr").start_image_scan(repositoryName=repository, imageId={"imageDigest": digest})

    def github_job(self, artifacts: Path, stack: str = "dev") -> runner.Job:
        """What GitHub gives to a job: the repository's variables as the tooling stack's output has them."""
        variables = {
            name: value + (EMULATED if name.startswith("PULUMI_BACKEND_URL") else "")
            for name, value in self.tooling["githubVariables"].items()
        }
        docker = Path(self.variables["PATH"].split(":")[0]) / "docker"
        docker.write_text('#!/bin/sh\necho "docker $*"\n[ "$1" != login ] || cat > /dev/null\n')
        docker.chmod(0o755)
        return runner.Job(
            cwd=self.checkout,
            artifacts=artifacts,
            variables={**self.variables, "COMMIT": COMMIT},
            repository_variables=variables,
            credentials=self._credentials,
            inputs={"stack": stack},
            skip=("tooling/scripts/setup.py", "install_pulumi.sh", "install_crane.sh"),
        )

    def _credentials(self, role: str) -> dict[str, str]:
        keys = self.account.client("sts").assume_role(RoleArn=role, RoleSessionName="github")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def run(self, command: str) -> str:
        """Runs a line of the documentation in the checkout; a failure shows what it printed."""
        return engine.printed(["bash", "-c", command], command, folder=self.checkout, variables=self.variables)

    def bootstrap(self, variables: Mapping[str, str] | None = None) -> None:
        """Makes the state backend of an account."""
        command = [sys.executable, "tooling/scripts/bootstrap_state.py"]
        environment = {**self.variables, **(variables or {})}
        subprocess.run(command, cwd=self.checkout, env=environment, check=True, capture_output=True, timeout=120)


def begin(account: Account, folder: Path) -> Story:
    """An empty account, bootstrapped, and a checkout to deploy from."""
    account.reset()
    checkout = copy_checkout(folder / "platform")
    variables = {**account.variables, "PULUMI_BACKEND_URL": BACKEND, "PULUMI_HOME": str(folder / "home")}
    variables["PYTHONPATH"] = str(checkout)  # the copy's code, not the one that the environment was set up for
    variables["PATH"] = f"{crane_shim(folder / 'bin')}:{variables['PATH']}"
    variables.pop("PULUMI_CONFIG_PASSPHRASE")
    story = Story(account, checkout, variables)
    story.bootstrap()
    return story
