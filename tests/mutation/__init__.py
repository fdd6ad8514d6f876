"""Mutation testing of the core."""
