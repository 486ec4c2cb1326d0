"""What runs, when, and how it went: one file per job, one list of when, one recorder around all."""
