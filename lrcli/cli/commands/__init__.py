"""One module per command; each holds its declaration and what it does with the values."""
