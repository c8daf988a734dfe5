"""What each endpoint of the Salesforce stand-in answers."""
