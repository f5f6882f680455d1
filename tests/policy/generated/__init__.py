"""Mutants that nobody wrote: made from the recorded program and from the schemas of the provider and of AWS."""
