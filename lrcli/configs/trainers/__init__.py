"""One module for each trainer whose files are read; its `TRAINERS` are found by being here."""
