"""Words and pictures that several rooms show."""
