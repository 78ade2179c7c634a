"""The peers: what package registries give for the same work."""
