"""Where entries come from, and what is read out of them."""
