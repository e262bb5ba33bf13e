"""Plotly figures: pure functions of data, plain dictionaries as the browser's plotly takes them."""
