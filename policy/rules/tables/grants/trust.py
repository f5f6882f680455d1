"""Which services assume the platform's roles, and what ties the trust to this stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .model import ARN

TRUST: Final[Mapping[str, Mapping[str, str]]] = {
    "ecs-tasks": {"aws:sourcearn": ARN + r"ecs:{region}:{account}:\*"},
    "states": {
        "aws:sourcearn": ARN
        + r"states:{region}:{account}:(stateMachine|express|mapRun|execution):statemachine-[a-z0-9-]+-{suffix}(/?\*|:\*)*"
    },
    "events": {"aws:sourcearn": ARN + "events:{region}:{account}:rule/rule-[a-z0-9-]+-{suffix}"},
    "scheduler": {"aws:sourcearn": ARN + "scheduler:{region}:{account}:schedule-group/schedule-[a-z0-9-]+-{suffix}"},
    "vpc-flow-logs": {"aws:sourcearn": ARN + r"ec2:{region}:{account}:vpc-flow-log/\*"},
    "codebuild": {"aws:sourcearn": ARN + r"codebuild:{region}:{account}:(project|build)/[a-z0-9*-]+-{suffix}(:\*)?"},
    "codepipeline": {"aws:sourcearn": ARN + "codepipeline:{region}:{account}:pipeline-[a-z0-9-]+-{suffix}"},
}
"""Services that roles of the platform trust, with the condition that ties the trust to this stack."""
