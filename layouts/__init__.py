"""Pages, scenes and cards: functions from a board snapshot to components, without I/O."""
