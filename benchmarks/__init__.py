"""Our speed, quality and memory beside the peers', in the same run. Nothing here is needed to train.

`python -m benchmarks` measures the rows of `benchmarks.rows`; `benchmarks.row` says what a row is.
"""
