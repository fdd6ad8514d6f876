"""Publishes templates that are launched by a link, without bootstrap or tools."""
