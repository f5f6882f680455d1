"""The provider itself: for which account and Region it works, and that it holds no key.

Only a program that makes one of its own has one here, and the engine shows the default one with what `aws:` settings say.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ...graph import kinds
from ...graph.location import location_of
from ..rows import Context, Must, Table, free, holds, maybe


def _own_region(value: Any, at: Context) -> bool:
    return location_of(at.graph).region in (None, value)


def _own_account(value: Any, at: Context) -> bool:
    accounts = set(re.findall(r"(?<!\d)\d{12}(?!\d)", str(value)))
    account = location_of(at.graph).account
    return account is None or accounts <= {account}


_NOTHING: Final = Must("left out", lambda value, at: value in ("", None))
_KEY: Final = "a key in the program stays in its state and never expires; the environment has one that does"
_WHERE: Final = "the same account, reached otherwise"
_CHECKS: Final = "the SDK sets it: it only spares a call"

TABLES: Final = (
    Table(
        type=kinds.PROVIDER,
        source="https://www.pulumi.com/registry/packages/aws/installation-configuration/",
        rows=(
            maybe(
                "region", holds("the stack's Region", _own_region), "a part of the stack in another Region is not seen"
            ),
            *(
                maybe(name, holds("of the stack's own account", _own_account), "another account's owners decide there")
                for name in ("allowedAccountIds", "assumeRoles", "assumeRoleWithWebIdentity")
            ),
            *(maybe(name, _NOTHING, _KEY) for name in ("accessKey", "secretKey", "token")),
            *(
                maybe(name, free((str, bool, int, list, dict)), _WHERE)
                for name in (
                    "profile",
                    "maxRetries",
                    "retryMode",
                    "sharedConfigFiles",
                    "sharedCredentialsFiles",
                    "stsRegion",
                    "useDualstackEndpoint",
                    "useFipsEndpoint",
                    "version",
                )
            ),
            *(
                maybe(name, free((str, bool)), _CHECKS)
                for name in ("skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation")
            ),
            *(
                maybe(name, free((str, dict)), "tags are judged on the resources (required-tags)")
                for name in ("defaultTags", "ignoreTags")
            ),
        ),
    ),
)
"""What is not listed, such as endpoints of somebody else, is a finding."""
