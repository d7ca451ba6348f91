"""The contracts of transports and plugins, as test classes to subclass."""
