"""One loopback sign-in with msal, by its own public interface."""

import json
import os
import sys

import msal
from msal.oauth2cli.authcode import AuthCodeReceiver
from msal.oauth2cli.oauth2 import Client

AUTHORIZE, TOKEN, TOKEN_FILE = sys.argv[1:4]


def show(url: str) -> None:
    print(url, file=sys.stderr, flush=True)


configuration = {"authorization_endpoint": AUTHORIZE, "token_endpoint": TOKEN}
client = Client(configuration, "bench")
with AuthCodeReceiver(port=0) as receiver:
    flow = client.initiate_auth_code_flow(
        scope=["api"],
        redirect_uri=f"http://localhost:{receiver.get_port()}",
        response_mode="form_post",
    )
    show(flow["auth_uri"])
    # It would open the browser itself; the bench is the browser.
    answer = receiver.get_auth_response(state=flow["state"], timeout=60)
tokens = client.obtain_token_by_auth_code_flow(flow, answer)
if "access_token" not in tokens:
    sys.exit(f"msal {msal.__version__}: {tokens}")
with os.fdopen(os.open(TOKEN_FILE, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
    json.dump(tokens, file)
