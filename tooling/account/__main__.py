"""The account of one stack: the roles that the tooling account's steps take there, and nothing else (composition root).

A person with rights in that account brings it up, so that no account ever holds rights over another beyond these roles
(docs/adr/delivery/accounts.md).
"""

import os

import pulumi
import pulumi_aws as aws

import settings
from components.shared import transformations
from conventions import tagging
from conventions.naming import Names
from tooling.account import account_settings
from tooling.account.stack_access import StackAccess, StackAccessArgs

config, region = account_settings.load()
account = aws.get_caller_identity().account_id
access = config.access
names = Names(suffix=access.tooling_suffix, account=account, region=region)
tags = tagging.required(config.tags.by_tag(), environment=names.suffix, project=settings.PROJECT, variables=os.environ)
pulumi.runtime.register_stack_transformation(transformations.standard_tags_and_limits(tags))

roles = StackAccess("access", StackAccessArgs(names=names, settings=access))
pulumi.export("environment", names.suffix)
pulumi.export("roleArns", roles.role_arns)
pulumi.export(
    "nextStep",
    f"in tooling/: pulumi config set --path batch-platform:delivery.accounts.{access.stack} {account} --stack tooling",
)
