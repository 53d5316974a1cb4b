"""lrsched: see, check and verify learning-rate schedules from the command line."""
