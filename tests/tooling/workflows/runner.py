"""A small GitHub: runs a job's steps as GitHub does, on this machine.

Each `run` step gets a shell of its own, as the workflow's `defaults` say, and the job's and its own variables. What the
actions do is done by their names: credentials are asked of the emulated account for exactly the role that the step
names, artifacts are copied. An action or an expression that this runner does not know fails.
Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 900
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_BY_STACK = re.compile(r"vars\[format\('(\w+)\{0\}', (matrix|inputs)\.stack\)\]")


@dataclass(frozen=True)
class Job:
    """Where a job runs and what it is given."""

    cwd: Path
    """The checkout."""
    artifacts: Path
    """Folder in which artifacts are kept between jobs."""
    variables: Mapping[str, str]
    """The machine's environment."""
    repository_variables: Mapping[str, str]
    credentials: Callable[[str], dict[str, str]]
    """AWS credentials, as variables, of the role with this ARN."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Of `workflow_call`, or of the matrix."""
    skip: tuple[str, ...] = ()
    """Texts in lines and steps that are left out, because the machine is set up already."""


@dataclass
class Result:
    """What a job did."""

    exit_code: int = 0
    log: str = ""
    roles: list[str] = field(default_factory=list)
    """ARNs of the roles it took, in their order."""


def run(workflow: Mapping[str, Any], name: str, job: Job) -> Result:
    """Runs the job until a step fails."""
    described = workflow["jobs"][name]
    result, credentials = Result(), dict[str, str]()
    job_variables = {key: resolve(value, job) for key, value in (described.get("env") or {}).items()}
    summary = job.artifacts / "summary.md"
    for step in described["steps"]:
        if action := step.get("uses", "").partition("@")[0]:
            credentials |= _act(action, step.get("with") or {}, job, result)
            continue
        lines = [line for line in step["run"].splitlines() if not any(text in line for text in job.skip)]
        done = subprocess.run(
            [*shell(workflow), "\n".join(lines)],
            cwd=job.cwd,
            env={
                **job.variables,
                **credentials,
                **job_variables,
                **{key: resolve(value, job) for key, value in (step.get("env") or {}).items()},
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_SHA": job.variables.get("COMMIT", ""),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        result.log += done.stdout
        if done.returncode:
            result.exit_code = done.returncode
            return result
    return result


def shell(workflow: Mapping[str, Any]) -> list[str]:
    """How GitHub starts a step's script, which depends on whether the workflow names the shell.

    Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
    """
    named = workflow.get("defaults", {}).get("run", {}).get("shell")
    return ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"] if named == "bash" else ["bash", "-e", "-c"]


def resolve(text: Any, job: Job) -> str:
    """A value with its expressions evaluated; a repository variable that is not set is empty, as at GitHub."""
    return _EXPRESSION.sub(lambda match: _value(match[1], job), str(text))


def _value(expression: str, job: Job) -> str:
    if match := _BY_STACK.fullmatch(expression):
        return job.repository_variables.get(f"{match[1]}{job.inputs['stack'].upper()}", "")
    scope, _, name = expression.partition(".")
    if scope == "vars":
        return job.repository_variables.get(name, "")
    if scope in ("inputs", "matrix"):
        return job.inputs[name]
    raise AssertionError(f"the runner does not know the expression {expression}")


def _act(action: str, inputs: Mapping[str, Any], job: Job, result: Result) -> dict[str, str]:
    """Does what an action does; the variables that it leaves behind."""
    if action == "actions/checkout":
        return {}
    if action == "aws-actions/configure-aws-credentials":
        role = resolve(inputs["role-to-assume"], job)
        assert role.startswith("arn:aws:iam::"), f"{inputs['role-to-assume']} names no role: is the variable set?"
        region = resolve(inputs["aws-region"], job)
        result.roles.append(role)
        return {**job.credentials(role), "AWS_REGION": region}
    if action in ("actions/upload-artifact", "actions/download-artifact"):
        folder = job.artifacts / resolve(inputs["name"], job)
        if action.endswith("upload-artifact"):
            files = list(job.cwd.glob(inputs["path"]))
            assert files or inputs.get("if-no-files-found") == "ignore", f"{inputs['path']} is no file"
            folder.mkdir(exist_ok=True)
            for path in files:
                shutil.copy(path, folder)
        elif folder.exists():
            for path in folder.iterdir():
                shutil.copy(path, job.cwd)
        return {}
    raise AssertionError(f"the runner does not know the action {action}")
