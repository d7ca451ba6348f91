"""Run calls: effects, middleware, and the two drivers that carry out effects."""
