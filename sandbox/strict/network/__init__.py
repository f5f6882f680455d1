"""What EC2 demands."""
