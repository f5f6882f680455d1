"""What AWS demands of roles and policies, keys, secrets and parameters, and threat detection."""
