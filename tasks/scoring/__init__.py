"""How good vectors are: similarity and analogy scores with their coverage, neighbours, pictures, the report."""
