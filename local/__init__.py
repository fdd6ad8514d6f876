"""The embedded AWS: everything that ``cdk deploy`` needs, on this machine and without an account."""
