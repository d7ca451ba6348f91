"""A local Auth0-like test server."""
