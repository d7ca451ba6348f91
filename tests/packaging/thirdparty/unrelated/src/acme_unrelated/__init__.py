"""A package that has nothing to do with usersmanager."""
