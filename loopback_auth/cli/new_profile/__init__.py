"""What `init` has to know for a profile: which server, and the answers to its questions."""
