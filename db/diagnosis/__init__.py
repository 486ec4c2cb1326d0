"""What is wrong with a PostgreSQL: one module per question, one function per answer. Nothing is installed for it."""
