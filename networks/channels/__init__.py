"""Which channels must change together, and what each operator does to them."""
