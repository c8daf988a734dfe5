"""
The least a Python process can do for one loopback sign-in, in the standard library: what everything
else is measured against.
"""

import hashlib
import http.server
import json
import os
import secrets
import sys
import urllib.parse
import urllib.request
from base64 import urlsafe_b64encode

AUTHORIZE, TOKEN, TOKEN_FILE = sys.argv[1:4]


class Callback(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        if query.get("state") != state:
            self.send_error(400)
            return
        form = {
            "grant_type": "authorization_code",
            "code": query["code"],
            "redirect_uri": redirect_uri,
            "client_id": "bench",
            "code_verifier": verifier,
        }
        with urllib.request.urlopen(TOKEN, urllib.parse.urlencode(form).encode()) as reply:
            tokens = json.load(reply)
        descriptor = os.open(TOKEN_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(tokens, file)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Signed in. You can close this tab.")

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Callback)
redirect_uri = f"http://127.0.0.1:{server.server_address[1]}/callback"
state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
request = {
    "response_type": "code",
    "client_id": "bench",
    "redirect_uri": redirect_uri,
    "scope": "api",
    "state": state,
    "code_challenge": challenge,
    "code_challenge_method": "S256",
}
print(f"{AUTHORIZE}?{urllib.parse.urlencode(request)}", file=sys.stderr, flush=True)
while not os.path.exists(TOKEN_FILE):
    server.handle_request()
