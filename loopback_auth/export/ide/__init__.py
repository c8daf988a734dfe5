"""
Files of IDEs, with which a sign-in is a task there: pure functions, one module an IDE.

Each returns the files as they would be new. What a project has already is merged by `jsonc`.
"""
