"""Malformed requests from the sentences with "must", "cannot", "up to" and the like in the API references.

botocore's models carry the text of the references; each request here is about such a sentence on an operation that the
platform or its delivery calls, beside those that `tests/sandbox/strict/documented` has from the pages.
"""
