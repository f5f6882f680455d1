"""What single sentences of the API references say, which neither the models nor the other rules do."""
