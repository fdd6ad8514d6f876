"""The embedded AWS: all that ``cdk deploy`` needs, on this machine and without an account."""
