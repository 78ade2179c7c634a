"""How it runs: the only place that imports prefect, and the only one that calls dvc."""
