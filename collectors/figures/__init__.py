"""Collector kind ``figures``: dated numbers from a JSON address, a CSV file or an SQL view."""
