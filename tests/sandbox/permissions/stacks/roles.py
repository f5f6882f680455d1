"""The policies of every role in an account, and their statements."""

from __future__ import annotations

from typing import Any

Policies = dict[str, list[dict[str, Any]]]
Statements = dict[str, set[tuple[str, str]]]


def policies(iam: Any) -> tuple[Policies, Statements]:
    """Role to its policy documents, and role to its statements as name of the policy and Sid."""
    documents_of: Policies = {}
    statements_of: Statements = {}
    for role in [role for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]]:
        name = role["RoleName"]
        documents = {}
        for inline in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            got = iam.get_role_policy(RoleName=name, PolicyName=inline)
            documents[f"{name}/{inline}"] = got["PolicyDocument"]
        for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            arn = attached["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            got = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            documents[attached["PolicyName"]] = got
        documents_of[name] = list(documents.values())
        statements_of[name] = {
            (policy, str(statement.get("Sid", position)))
            for policy, document in documents.items()
            for position, statement in enumerate(_listed(document["Statement"]), 1)
        }
    return documents_of, statements_of


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
