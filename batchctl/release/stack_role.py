"""The role that a step takes in the account of a stack, where that is not the step's own account."""

from __future__ import annotations

import boto3

from batchctl.errors import OperatorError

SESSION_SECONDS = 3600
"""The longest session of a role that was taken by way of another role.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""
SESSION_NAME = "delivery"


def session(role_arn: str) -> boto3.Session:
    """A session with the role's rights, for an hour; with one's own where `role_arn` is empty.

    Raises OperatorError for what is no role's ARN.
    """
    if not role_arn:
        return boto3.Session()
    if ":role/" not in role_arn:
        raise OperatorError(
            f"STACK_ROLE_ARN is {role_arn!r}, which is no role; valid: "
            f"arn:aws:iam::222222222222:role/role-up-prod-tooling, or empty for a stack in this account."
        )
    keys = boto3.client("sts").assume_role(
        RoleArn=role_arn, RoleSessionName=SESSION_NAME, DurationSeconds=SESSION_SECONDS
    )["Credentials"]
    return boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def environment(role_arn: str) -> dict[str, str]:
    """The variables that give the role's rights to a child process; none where `role_arn` is empty."""
    if not role_arn:
        return {}
    credentials = session(role_arn).get_credentials()
    assert credentials is not None and credentials.token is not None
    return {
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.token,
    }
