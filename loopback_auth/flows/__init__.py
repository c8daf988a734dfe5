"""The flows: what happens, from top to bottom. They call `notify`, and print nothing."""
