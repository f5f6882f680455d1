"""Requests that break what CloudFormation's schemas demand, as cfn-lint ships them."""
