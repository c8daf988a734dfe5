"""
The test kit, held to the RFCs: so that it checks what servers check, and cannot drift towards our
own client.
"""
