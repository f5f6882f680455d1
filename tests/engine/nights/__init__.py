"""The night on a stack that the real engine deployed into an account that reacts."""
