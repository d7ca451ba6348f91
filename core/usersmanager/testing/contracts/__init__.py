"""The transport and plugin contracts, as test classes to subclass."""
