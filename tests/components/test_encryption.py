"""Keys alone under mocks."""

from components.encryption import Keys, KeysArgs
from tests.mocks import NAMES, built


def test_three_rotating_keys_with_aliases() -> None:
    mocks = built(lambda: Keys("keys", KeysArgs(names=NAMES, teardown=True)))
    keys = mocks.inputs("aws:kms/key:Key")
    assert [key["enableKeyRotation"] for key in keys] == [True, True, True]
    aliases = {alias["name"] for alias in mocks.inputs("aws:kms/alias:Alias")}
    assert aliases == {"alias/key-data-dev", "alias/key-logs-dev", "alias/key-messages-dev"}
