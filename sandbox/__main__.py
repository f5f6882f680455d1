"""`python -m sandbox PORT`: see `sandbox/server.py`."""

from sandbox.server import main

raise SystemExit(main())
