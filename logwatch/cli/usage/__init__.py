"""How the commands speak of themselves: help, examples, completion, the schemas of what they write."""
