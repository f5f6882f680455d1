"""The report for people: a PDF and the figures in it."""
