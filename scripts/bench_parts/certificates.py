"""
Make a CA and a certificate of this machine: ca.pem and server.pem in the folder that is named.

It is run by the environment's Python, which has trustme.
"""

import sys
from pathlib import Path

import trustme

folder, ca = Path(sys.argv[1]), trustme.CA()
ca.cert_pem.write_to_path(str(folder / "ca.pem"))
ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
