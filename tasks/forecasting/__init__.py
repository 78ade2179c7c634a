"""What a run will take, told beforehand: a sample goes through the real stages, and what they took is extrapolated."""
