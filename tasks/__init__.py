"""What is done: one module a stage, and beside them a package a subject. Imports neither prefect nor dvc."""
