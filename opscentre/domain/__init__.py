"""Pure rules of the field: no I/O, no clock of their own; time is an argument.

A *moment* is an ``int``: milliseconds since 1970-01-01T00:00Z. Days are days of Asia/Ho_Chi_Minh,
which has been UTC+7 without daylight saving since 1975.
"""
