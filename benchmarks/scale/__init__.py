"""A thousand workers, simulated: the coordinators and their SQL are real, only trials are not."""
