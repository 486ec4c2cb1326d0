"""Which index is missing in a PostgreSQL, what it would bring, and how it is made and taken back."""
