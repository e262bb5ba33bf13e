"""Department systems that speak the real protocols on loopback, for the demo and the tests."""
