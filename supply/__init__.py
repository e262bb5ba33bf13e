"""What the product is made of besides its own code: the licences of the locked packages, and known weaknesses."""
