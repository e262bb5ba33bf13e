"""What an installation of a given size needs: a short measurement of this machine, and arithmetic from there."""
