"""A stack with every optional setting on, over the committed dev stack: what settings can make, made.

`tests/settings/test_every_setting.py` fails when a setting is at its default here without a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ACCOUNT: Final = "123456789012"
SENDER_ACCOUNT: Final = "210987654321"

EVERY_SETTING: Final[Mapping[str, Any]] = {
    "batch-platform:platform": {
        "teardown": True,
        "capacity": "spot-with-fallback",
        "permissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/platform-boundary",
        "permissionsPath": "/batch/",
        "customerKeys": ["ephemeral-storage", "state-machines"],
        "acknowledge": ["jobs.data-ingestion.debug"],
        "logRetentionDays": 3653,
    },
    "batch-platform:tags": {
        "repository": "our-team/batch-platform",
        "commitAuthor": "jane",
        "prNumber": "42",
        "team": "market-risk",
        "createdAt": "2026-11-20T00:00:00Z",
    },
    "batch-platform:network": {
        "cidr": "10.2.0.0/16",
        "zones": 2,
        "zoneIds": ["use1-az2", "use1-az4"],
        "subnets": ["10.2.0.0/20", "10.2.16.0/20"],
        "endpointZones": 2,
        "extraEndpoints": ["ecs", "kms", "secretsmanager", "sqs", "ssmmessages"],
        "dnsFirewall": True,
        "guardDuty": {"agentAccount": "593207742271"},
    },
    "batch-platform:data": {
        "inputDays": 30,
        "outputDays": 365,
        "previousVersionDays": 14,
        "auditDays": 365,
        "ledgerDays": 365,
        "objectLock": {"days": 1, "mode": "governance"},
        "senders": [f"arn:aws:iam::{SENDER_ACCOUNT}:role/trade-export"],
    },
    "batch-platform:registry": {"keepImages": 5, "untaggedDays": 3},
    "batch-platform:jobs": {
        "data-ingestion": {
            "architecture": "ARM64",
            "ephemeralStorage": 100,
            "environment": {"LOG_LEVEL": "INFO"},
            "secrets": {"DB_PASSWORD": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf:password::"},
            "secretKeyArns": [f"arn:aws:kms:us-east-1:{ACCOUNT}:key/6f5b2f1e-0d3a-4c5e-9a53-2f1f6c1b7a10"],
            "debug": True,
            "timeout": 1800,
            "retry": {"attempts": 1, "capacityAttempts": 3, "backoffSeconds": 30},
        },
        "stress-test": {
            "cpu": 1024,
            "memory": 2048,
            "capacity": "on-demand",
            "command": ["python", "-m", "stress_test"],
            "user": "10001:10002",
            "image": "release-1",
            "healthCheck": ["CMD", "python", "-m", "stress_test.health"],
            "scaling": {"maxTasks": 4, "cpuTarget": 60, "cooldown": 120},
            "queue": {"acceptableLatency": 300, "secondsPerMessage": 30, "visibilityTimeout": 600, "maxReceives": 2},
            "reads": [{"bucket": "output", "prefix": "shards/"}],
            "writes": [{"bucket": "output", "prefix": "stress/"}],
        },
        "risk-calculation": {
            "fanOut": {"inlineLimit": 10, "batch": 2, "concurrency": 2, "toleratedFailurePercent": 1},
        },
    },
    "batch-platform:workflow": {
        "order": ["data-ingestion", "risk-calculation", "stress-test", "report-generation"],
        "fargateVcpuQuota": 16,
        "onNewerManifest": "wait",
        "start": {
            "prefix": "incoming/trades/",
            "suffix": "complete.json",
            "schedule": "04:00",
            "maxAgeDays": 2,
            "maxAheadDays": 5,
            "maxEventAgeMinutes": 60,
        },
        "deadline": {
            "time": "09:00",
            "warn": "08:00",
            "escalate": "08:45",
            "windowOpens": "21:00",
            "timezone": "America/Chicago",
            "forecastMinutes": [210],
            "calendar": "XLON",
            "holidays": ["2026-12-25"],
        },
    },
    "batch-platform:alerts": {
        "failurePercent": 10,
        "failurePeriod": 300,
        "longRunMinutes": 120,
        "logErrors": 20,
        "emails": ["night@example.com"],
    },
}
"""Keys of a stack file; each replaces dev's own section of that name."""
