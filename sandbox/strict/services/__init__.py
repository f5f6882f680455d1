"""What the other services demand, a module for each or for a few that belong together."""
