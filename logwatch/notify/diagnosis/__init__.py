"""A procedure walked: what each step asks for, measured."""
