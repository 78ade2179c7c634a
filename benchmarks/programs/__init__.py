"""Programs that are measured, ours and the peers': each runs in a process of its own and prints one JSON object."""
