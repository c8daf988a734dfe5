"""What is known of a server, and how it is asked."""
