"""How a call runs: effects, middleware, and the two drivers that carry out effects."""
