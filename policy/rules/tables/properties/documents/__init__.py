"""Documents that properties hold, with a row for each of their members."""
