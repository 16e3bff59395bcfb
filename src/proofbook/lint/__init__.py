"""Says what stands between a notebook and production: rules, and the engine that asks them."""
