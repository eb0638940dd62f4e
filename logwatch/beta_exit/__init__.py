"""The exit conditions of section 7."""
