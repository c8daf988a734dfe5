"""What the commands share that hand a sign-in out: whose it is, their options, their files."""
