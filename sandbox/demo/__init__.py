"""The whole night on one machine, without a cloud: `python -m sandbox.demo`."""
