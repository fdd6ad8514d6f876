"""GET /openapi.json: the contract of the API, generated from its code."""
