"""Run calls: effects, middleware, and the two drivers that execute effects."""
