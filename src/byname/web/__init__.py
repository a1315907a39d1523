"""web: bytes become values, values become pages and JSON."""
