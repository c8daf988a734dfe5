"""`callback-cert create` and `show`: the certificate of an https callback, and who trusts it."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit

from ...edge.callback.tls.certificate import (
    certificate_files,
    check_certificate,
    names_of,
    own_folder,
    server_context,
    until_of,
)
from ...edge.callback.tls.own import authority_of, create, fingerprint
from ...edge.callback.tls.trust import LOCALHOST, browser_databases, is_trusted, trust
from ...errors import CallbackCertificateMissing, UsageError
from ...explain.fix import rendered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...edge.callback.tls.certificate import CertificateFiles
    from ..arguments import Parser
    from ..context import Context

_STATES = {True: "trusts it", False: "does not trust it", None: "cannot be asked"}


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "what",
        choices=["create", "show"],
        metavar="{create,show}",
        help="create: make one; show: one's trust and end",
    )
    parser.profile_argument()
    parser.add_argument(
        "--force", action="store_true", help="create: another one, to be trusted again"
    )


def run(context: Context) -> int:
    """Make the certificate if asked to, and show it."""
    environ, say = context.environ, context.console.say
    if context.arguments.what == "show":
        profile = context.profile(context.store.load(context.profile_name))
        cert, key = profile.get("callback_cert"), profile.get("callback_key")
        address = urlsplit(profile.registered_redirect_uri)
        host = address.hostname if address.scheme == "https" else None
        _show(certificate_files(cert, key, environ), host or LOCALHOST, context)
        return 0
    files = None if context.arguments.force else _usable(environ)
    if files:
        say("There is one already. Another, to be trusted again: callback-cert create --force")
    else:
        files = create(environ)
        say(f"Made in {own_folder(environ)}. No store of certificates was changed.")
    _show(files, LOCALHOST, context)
    return 0


def _usable(environ: Mapping[str, str]) -> CertificateFiles | None:
    """Return the files of the certificate that was made before, if it is good still."""
    try:
        files = certificate_files(None, None, environ)
        check_certificate(server_context(files), files, LOCALHOST)
    except (CallbackCertificateMissing, UsageError):
        return None
    return files if authority_of(files) else None


def _show(files: CertificateFiles, host: str, context: Context) -> None:
    server = server_context(files)
    said = check_certificate(server, files, host)
    names, until = names_of(said), until_of(said).date().isoformat()
    stores = trust(server, host, context.environ)
    issuer = authority_of(files)
    rows = [
        ("certificate", files.certificate),
        ("for", ", ".join(names)),
        ("until", until),
        ("its SHA-256", fingerprint(files.certificate)),
        *([("issued by", issuer.path), ("its SHA-256", issuer.fingerprint)] if issuer else ()),
        *((name, _STATES[state]) for name, state in stores.items()),
    ]
    lines = [f"{name:<26} {value}" for name, value in rows]
    if issuer and not is_trusted(stores):
        lines += ["", "To have a browser trust it, run what is for it, and restart the browser:"]
        todo = steps(issuer.path, issuer.fingerprint, context.environ)
        lines += [f"  {line}" for line in todo]
    document = {
        "certificate": files.certificate,
        "key": files.key,
        "names": names,
        "until": until,
        "sha256": fingerprint(files.certificate),
        "authority": {"path": issuer.path, "sha256": issuer.fingerprint} if issuer else None,
        "trusted_by": stores,
    }
    context.console.result("\n".join(lines), document)
    context.console.say("To undo that, and Firefox by hand: loopback-auth help https")


def steps(
    path: str, sha256: str, environ: Mapping[str, str], platform: str = sys.platform
) -> Iterator[str]:
    """Yield what to type so that browsers here trust the authority in *path*."""
    facts = {"path": path, "name": f"loopback-auth-{sha256[:11].replace(':', '')}"}
    if platform == "darwin":
        yield "Safari, Chrome, Edge, Firefox:"
        command = "`security add-trusted-cert -r trustRoot -p ssl {path}`"
        yield "  " + rendered(command, facts)
    elif platform == "win32":
        yield "Edge, Chrome, Firefox:"
        yield "  " + rendered("`certutil -user -addstore Root {path}`", facts)
    else:
        for name, folder in browser_databases(environ, is_there=False):
            yield f"{name}:"
            known = {**facts, "folder": folder, "database": f"sql:{folder}"}
            if not os.path.isdir(folder):
                yield "  " + rendered("`mkdir -p {folder}`", known)
            yield "  " + rendered("`certutil -d {database} -A -t C,, -n {name} -i {path}`", known)
        yield "(certutil is in the package libnss3-tools, or nss-tools)"
