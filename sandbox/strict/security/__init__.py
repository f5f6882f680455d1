"""What AWS demands of keys in use, of secrets and parameters, and of threat detection."""
