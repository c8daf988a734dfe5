"""Units for the system's timers: they refresh what nobody uses, before the server forgets it."""

from __future__ import annotations

import plistlib

KINDS = ("systemd", "cron", "launchd", "github")
"""The values of `init --keepalive`."""

DAYS = 10
"""How old a sign-in gets before it is refreshed: servers keep an unused one for 14 and more."""

_COMMAND = ("refresh", "--all", "--older-than", f"{DAYS}d")


def keepalive(kind: str, *, program: str) -> str:
    """
    Return the unit of *kind*, one of `KINDS`, which runs *program* once a day.

    Its first lines say where it belongs.
    """
    return _UNITS[kind](program).rstrip("\n")


def _systemd(program: str) -> str:
    # systemd.unit(5): % begins a specifier, and a path with blanks is quoted.
    words = " ".join([f'"{program.replace("%", "%%")}"', *_COMMAND])
    return f"""\
# ~/.config/systemd/user/loopback-auth.service
[Unit]
Description=Refresh sign-ins of loopback-auth that are not used

[Service]
Type=oneshot
ExecStart={words}

# ~/.config/systemd/user/loopback-auth.timer
# then: systemctl --user enable --now loopback-auth.timer
[Unit]
Description=Refresh sign-ins of loopback-auth once a day

[Timer]
OnCalendar=daily
Persistent=true
RandomizedDelaySec=1h

[Install]
WantedBy=timers.target
"""


def _cron(program: str) -> str:
    # crontab(5): % ends the command.
    quoted = "'" + program.replace("'", "'\\''").replace("%", "\\%") + "'"
    return f"# crontab -e\n17 9 * * * {quoted} {' '.join(_COMMAND)}\n"


def _launchd(program: str) -> str:
    unit = plistlib.dumps(
        {
            "Label": "loopback-auth.keepalive",
            "ProgramArguments": [program, *_COMMAND],
            "StartCalendarInterval": {"Hour": 9, "Minute": 17},
        }
    ).decode()
    where = "~/Library/LaunchAgents/loopback-auth.keepalive.plist"
    head, newline, rest = unit.partition("\n")
    comment = f"<!-- {where}; then: launchctl bootstrap gui/$UID {where} -->"
    return head + newline + comment + newline + rest


def _github(_program: str) -> str:
    return f"""\
# .github/workflows/keepalive.yml: a refresh token that is kept as a secret, and replaced there
on:
  schedule:
    - cron: "17 9 */{DAYS} * *"
jobs:
  keepalive:
    runs-on: ubuntu-latest
    steps:
      - run: pipx install git+https://github.com/loopback-auth/loopback-auth
      - run: loopback-auth exec --on-rotate 'gh secret set LOOPBACK_AUTH_REFRESH_TOKEN' -- true
        env:
          # Where you sign in, as which client:
          LOOPBACK_AUTH_ISSUER: https://id.example.com
          LOOPBACK_AUTH_CLIENT_ID: my-cli
          LOOPBACK_AUTH_REFRESH_TOKEN: ${{{{ secrets.LOOPBACK_AUTH_REFRESH_TOKEN }}}}
          # A token that may write secrets: the workflow's own may not.
          GH_TOKEN: ${{{{ secrets.GH_TOKEN }}}}
          GH_REPO: ${{{{ github.repository }}}}
"""


_UNITS = {"systemd": _systemd, "cron": _cron, "launchd": _launchd, "github": _github}
