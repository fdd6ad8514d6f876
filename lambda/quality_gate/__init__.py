"""The custom resource that lets only good models through."""
