"""The contracts of transports and plugins, as tests to subclass."""
