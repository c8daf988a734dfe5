"""
Queries with simple-salesforce: the keyword arguments as JSON on stdin, the rows as JSON
on stdout.
"""

import json
import sys

from simple_salesforce import Salesforce

client = Salesforce(**json.load(sys.stdin), version="65.0")
print(json.dumps(client.query("SELECT Id, Username FROM User")["records"]))  # noqa: T201 - what the test reads
