"""What a review by requests found that the account took; the requests were written before the rules were read."""
