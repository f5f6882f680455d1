"""Tasks: task definitions, clusters, services, scaling."""
