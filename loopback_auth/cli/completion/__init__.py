"""What a Tab completes: the same for every shell, whose script asks for it and shows it."""
