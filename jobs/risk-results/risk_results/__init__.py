"""What risk-calculation writes and report-generation reads: results of shards, exact sums, tail measures.

Either job can be replaced while it keeps to this package. Money is counted in whole ten-thousandths of a US dollar
("units"); the sums behind it are finer and exact, so that a portfolio's result is the same, to the last bit, however
its trades are cut into shards.
"""

UNITS_PER_USD = 10_000
"""Units in a US dollar."""
LARGEST_UNITS = 2**62
"""No sum of amounts in units may exceed this in size; checked in doubles before anything becomes an int64."""
