"""What transformers' Trainer makes of its arguments, and others with it: the schedule, the warmup, the steps."""
