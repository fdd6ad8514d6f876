"""The custom resource that proves what an endpoint runs."""
