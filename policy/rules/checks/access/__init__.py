"""Rules about access: roles, policies, trust and keys."""
