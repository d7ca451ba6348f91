"""The cases of the basic contracts: what a careful adapter over any HTTP library can pass."""
