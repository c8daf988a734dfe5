"""What is drawn for a person at a terminal; pipes and consoles of IDEs get plain lines instead."""
