"""The emulated account with permissions, as a server of its own.

`python -m tests.sandbox.permissions.emulator PORT [enforce]`: without `enforce` every call goes ahead, and the records
(`GET /sandbox/calls`) say what AWS would have denied.
"""

from __future__ import annotations

import sys

from werkzeug.serving import run_simple

from sandbox.permissions import Authorization, with_permissions
from tests.delivery import emulator
from tests.engine.emulator import HOST

if __name__ == "__main__":
    application = with_permissions(emulator.application(), Authorization(), enforce="enforce" in sys.argv)
    run_simple(HOST, int(sys.argv[1]), application, threaded=True)
