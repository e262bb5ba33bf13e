"""The pages for tablets and desks: functions from an address and what SQL answered to components; no I/O.

A page's whole state is its address (``layouts.desk.address``): it can be sent to someone, and "back" works.
"""
