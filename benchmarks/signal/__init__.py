"""How often logwatch's success ratio is wrong and how soon it is right, beside three usual ways to watch the same counts."""
