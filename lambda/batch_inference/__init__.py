"""Infers the gender of the names in a large CSV file by a SageMaker batch transform."""
