"""The operator's commands on a deployed stack; each module is one subject, `commands.py` is what the shell sees."""
