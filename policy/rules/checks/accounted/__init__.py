"""Rules that account for everything: types, properties, companions, references, options."""
