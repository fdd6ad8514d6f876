"""The infrastructure: one stage per environment and region, one construct per capability."""
