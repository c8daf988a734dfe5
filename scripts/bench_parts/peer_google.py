"""One loopback sign-in with google-auth-oauthlib, by its own public interface."""

import os
import sys

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"

from google_auth_oauthlib.flow import InstalledAppFlow

AUTHORIZE, TOKEN, TOKEN_FILE = sys.argv[1:4]

configuration = {
    "installed": {
        "client_id": "bench",
        "client_secret": "",
        "auth_uri": AUTHORIZE,
        "token_uri": TOKEN,
    }
}
flow = InstalledAppFlow.from_client_config(configuration, ["api"])
# It prints on standard output; the bench reads the address on standard error, as of the others.
sys.stdout = sys.stderr
credentials = flow.run_local_server(
    host="127.0.0.1",
    port=0,
    open_browser=False,
    authorization_prompt_message="{url}",
    access_type="offline",
)
with os.fdopen(os.open(TOKEN_FILE, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
    file.write(credentials.to_json())
