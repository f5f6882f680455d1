"""The pack's entry point for the engine. Only this file may build a `PolicyPack`: that starts a server and blocks."""

from pack import ARGUMENTS  # type: ignore[import-not-found]  # the engine runs this folder itself
from pulumi_policy import PolicyPack

PolicyPack(**ARGUMENTS)
