"""Department systems that speak the real protocols on loopback, for the demo and the tests.

The world behind them is a pure function of (seed, day, profile): nothing is stored, and a restart on the
same clock goes on exactly where the last process stopped.
"""
