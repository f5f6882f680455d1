"""The layers of the platform, one module each; helpers that make no resource begin with an underscore."""
