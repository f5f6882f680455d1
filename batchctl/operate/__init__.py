"""What the operator's commands do on a deployed stack, one subject in a module; `batchctl/commands` shows it."""
