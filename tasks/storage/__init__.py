"""Bytes on disk: atomic files, content hashes, the Arrow schema of every artifact."""
