"""What every function of the REST API shares: routing, errors, CORS, logs and metrics."""
