"""What the platform's policies allow: a row for each set of actions that go together, with what they are granted on.

A policy may spell a row in one statement or in several; what counts is what is allowed in the end. An action that no
row accounts for is a finding, and so is a row of which only a part is granted.
"""

from .identity import IDENTITY_GRANTS
from .model import Grant, filled, never
from .resources import RESOURCE_GRANTS
from .trust import TRUST

__all__ = ["IDENTITY_GRANTS", "RESOURCE_GRANTS", "TRUST", "Grant", "filled", "never"]
