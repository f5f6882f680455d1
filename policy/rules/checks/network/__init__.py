"""Rules about the network: addresses, groups, endpoints, and what reaches what."""
