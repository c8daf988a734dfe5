"""The command line: arguments in, exit status out; stdout is the result, stderr is talk."""
