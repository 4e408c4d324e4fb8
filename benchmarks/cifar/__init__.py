"""Whole jobs on CIFAR-10, by a real server: our search, random search and AdaPruner."""
