"""Benchmarks and tools for measuring and picturing a running installation."""
