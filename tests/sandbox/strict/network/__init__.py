"""VPCs, security groups, endpoints and the DNS firewall."""
