"""Tables and pages that nobody types: made from the models of AWS, and from plans in an emulated account."""
