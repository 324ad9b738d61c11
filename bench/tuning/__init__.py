"""Parameter search: which build parameters of a method answer fastest at a recall."""
