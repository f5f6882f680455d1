"""A committed stack as the program reads it: its recording and its typed settings, its refusals as one message."""

from __future__ import annotations

import pulumi

import settings
from batchctl.errors import OperatorError
from batchctl.preview.recording import Mode, Recording, record
from batchctl.project import Project, StackFile, find


def recorded(project: Project, stack_file: StackFile, mode: Mode) -> Recording:
    """The program's run for a stack; raises OperatorError with the program's own message when it refuses."""
    try:
        return record(
            project.root,
            project=project.name,
            stack=stack_file.name,
            config=stack_file.config,
            secret_keys=stack_file.secret_keys,
            mode=mode,
        )
    except pulumi.RunError as error:
        raise OperatorError(str(error)) from error


def stack_settings(stack_file: StackFile) -> settings.Settings:
    """The typed settings of a stack file; raises OperatorError with every problem."""
    prefix = f"{settings.PROJECT}:"
    raw = {key[len(prefix) :]: value for key, value in stack_file.config.items() if key.startswith(prefix)}
    try:
        return settings.parse(raw, stack=stack_file.name)
    except settings.SettingsError as error:
        raise OperatorError(str(error)) from error


def settings_of_stack(stack: str) -> settings.Settings:
    """The typed settings of a committed stack of the project around the current folder; raises OperatorError."""
    return stack_settings(find().stack(stack))
