"""How Azure decides, as pure functions over plain dicts in the shape of its REST JSON."""
