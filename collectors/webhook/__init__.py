"""Collector kind ``webhook``: a department pushes its dossiers, signed, and is answered once they are safe."""
