"""Out into the world and back with plain records: Reddit, its sandbox, this process."""
