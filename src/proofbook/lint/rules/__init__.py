"""One rule a file. `lint.registry` names them."""
