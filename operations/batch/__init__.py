"""Infers the gender of the names in a large CSV file, from this machine."""
