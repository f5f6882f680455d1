"""What is known of AWS and of this platform, as data that the rules read."""
