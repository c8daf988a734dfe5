"""What tools ask a credential helper, and how they want to be answered: one file a protocol."""
