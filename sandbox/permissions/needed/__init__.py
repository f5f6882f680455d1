"""Which permissions an API call needs, and on what."""
