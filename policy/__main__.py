"""The pack's entry point for the engine. Only this file may build a `PolicyPack`: that starts a server and blocks."""

from pack import ARGUMENTS  # type: ignore[import-not-found]  # the engine runs this folder itself
from pulumi_policy import PolicyPack
from pulumi_policy import policy as sdk
from servicer import Servicer  # type: ignore[import-not-found]

# the SDK takes no other servicer; why there is one: servicer.py
sdk._PolicyAnalyzerServicer = Servicer  # type: ignore[misc]  # a class, for which another stands in
PolicyPack(**ARGUMENTS)
