"""Benchmarks of the dashboard's pages."""
