"""
The stories: each reads from top to bottom, tells what happens through `notify`, and
prints nothing.
"""
