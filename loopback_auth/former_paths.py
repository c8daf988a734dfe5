"""
Where modules were before, for one release: an import of an old path works, and warns.

The package's finder loads this table when an import fails that begins with `loopback_auth.`; a
package that has an old module's name asks for that module's members here.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec as any_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_TO_FOLDERS = {
    ("cli", "cli.commands"): (
        "api config demo doctor env exchange exec explain export help init login logout "
        "profiles providers refresh status token"
    ),
    ("edge", "edge.callback"): "accepting listeners peer_user port_holder",
    ("edge", "edge.files"): (
        "file_lock home lock_holder permissions plain_toml private_file private_folder "
        "provider_files toml_position unwritable"
    ),
    ("edge", "edge.http"): "answer_body failures proxy streaming tls upload",
    ("edge", "edge.interaction"): "background_writer browser environment",
    ("edge", "edge.process"): "child clock core_dumps event_loop frozen interrupts thread",
    ("edge", "edge.store"): (
        "document keyring_entry keyring_lock keyring_record keyring_service keyring_store "
        "profile_lock"
    ),
    ("edge", "settings"): "config_writer storage",
    ("export", "export.environment"): "ci dotenv shells",
    ("export", "export.program"): "formats members postman sfdx_url simple_salesforce singer",
    ("flows", "flows.login"): "code_credentials manual opening preflight",
    ("flows", "flows.login.completion"): "redemption replacement",
    ("flows", "flows.server"): "discovery mix_up",
    ("flows", "flows.tokens"): (
        "access_token check expiry in_flight issued lifetime logout only_copy refresh revocation"
    ),
    ("flows", "settings"): "profile",
    ("oauth", "oauth.authorize"): "code_credentials pkce redirect_uri",
    ("oauth", "oauth.http"): "lenient_json",
    ("oauth", "oauth.jose"): "id_token jwt",
    ("oauth", "oauth.token"): "expiry introspection lifetime refresh revocation",
    ("testing", "testing.http"): "answers delivery faults records service",
    ("testing", "testing.openid"): (
        "authorization authorization_request client_authentication endpoints grants id_token "
        "introspection pages registry resources revocation server tenant"
    ),
    ("testing.salesforce", "testing.salesforce.endpoints"): (
        "agents assertion authorize checks discovery identity machine rest token tokens"
    ),
}
"""Which modules went from a folder to another and kept their names."""

_RENAMED = {
    "cli.answer": "cli.api_output",
    "cli.background": "cli.background.parent",
    "cli.flags": "cli.settings_flags",
    "cli.pasted": "cli.input_text",
    "cli.question": "cli.prompts",
    "cli.refresher": "cli.background.child",
    "cli.talk": "cli.progress",
    "edge.believed_file": "edge.files.config_file",
    "edge.client_secret": "edge.files.client_secrets",
    "edge.config": "settings.config_toml",
    "edge.http_server": "edge.callback.http",
    "edge.loopback": "edge.callback.server",
    "edge.page": "edge.callback.pages",
    "edge.pasting": "edge.interaction.terminal",
    "edge.pending": "edge.files.pending_logins",
    "edge.store": "edge.store.file_store",
    "edge.tab": "edge.callback.session",
    "edge.transport": "edge.http.client",
    "edge.visit": "edge.callback.request_gate",
    "explain.forms": "explain.report_forms",
    "explain.paste": "explain.report",
    "flows.doctor": "flows.doctor.examine",
    "flows.doctor_files": "flows.doctor.files",
    "flows.doctor_here": "flows.doctor.machine",
    "flows.doctor_network": "flows.doctor.network",
    "flows.doctor_preflight": "flows.doctor.preflight",
    "flows.explained": "flows.diagnosis",
    "flows.login": "flows.login.browser",
    "flows.partial_answer": "flows.tokens.only_copy",
    "flows.pasted": "flows.login.answer",
    "flows.patience": "flows.server.retry",
    "flows.turn": "flows.tokens.profile_lock",
    "oauth.authorization": "oauth.authorize.request",
    "oauth.pasted_answer": "oauth.authorize.pasted",
    "oauth.resource": "oauth.resource.address",
    "oauth.token": "oauth.token.reply",
    "oauth.token_members": "oauth.token.members",
    "oauth.wire": "oauth.http.messages",
    "testing.forms": "testing.html_form",
    "testing.salesforce.parties": "testing.salesforce.accounts",
    "testing.salesforce.person": "testing.salesforce.pages",
    "testing.salesforce.world": "testing.salesforce.state",
}

_MOVED = _RENAMED | {
    f"{old}.{name}": f"{new}.{name}"
    for (old, new), names in _TO_FOLDERS.items()
    for name in names.split()
}

_SPLIT = {
    "cli.doctor": ("cli.examination",),
    "cli.flags": ("settings.kinds",),
    "cli.login": ("cli.prompts",),
    "edge.config": ("settings.kinds", "settings.table"),
    "edge.document": ("edge.store.keyring_store",),
    "edge.environment": ("flows.login.way",),
    "edge.permissions": ("edge.process.users",),
    "edge.transport": ("edge.http.proxy",),
    "flows.access_token": ("flows.tokens.freshness",),
    "flows.doctor": ("flows.doctor.checks",),
    "flows.profile": ("settings.resolve", "settings.kinds"),
    "oauth.authorization": ("oauth.authorize.response",),
    "oauth.id_token": ("oauth.identity",),
    "oauth.token": ("oauth.client_authentication",),
    "oauth.wire": (
        "oauth.http.strict_json",
        "oauth.http.url",
    ),
    "testing.pages": ("testing.http.pages",),
}
"""Where else members of a module went, beside the place that `_MOVED` names."""


def former_paths() -> list[str]:
    """Return each old path, with the package's name before it."""
    return [_long(old) for old in _MOVED]


def spec_of(path: str) -> ModuleSpec | None:
    """Return how to import the old path *path*; `None` for any other."""
    if _short(path) not in _MOVED:
        return None
    return ModuleSpec(path, _Forwarding(), origin=_new_paths(path)[0])


def member(package: str, name: str) -> object:
    """
    Return what the module whose name *package* has now had as *name*; it warns once.

    Raises:
        AttributeError: There is no such member any more.
    """
    if not name.startswith("__") and any_spec(f"{package}.{name}") is None:
        for path in _new_paths(package):
            module = import_module(path)
            if hasattr(module, name):
                home = __package__ if name in _public_names(module) else path
                _warn(f"{package}.{name} has moved to {home}.{name}", depth=4)
                # From now on it is found in the package itself.
                value = vars(sys.modules[package])[name] = getattr(module, name)
                return value
    raise AttributeError(f"module {package!r} has no attribute {name!r}")


class _Forwarding(Loader):
    """Loads a module of an old path: it holds the objects of the new one."""

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill *module* with the members of the new one; it warns."""
        paths = _new_paths(module.__name__)
        public = [name for path in paths for name in _public_names(import_module(path))]
        also = f"; {__package__} itself has {', '.join(public)}" if public else ""
        _warn(f"{module.__name__} has moved to {' and '.join(paths)}{also}", depth=3)
        for path in reversed(paths):
            members = vars(import_module(path))
            vars(module).update(
                {name: members[name] for name in members if not name.startswith("__")}
            )


def _warn(message: str, *, depth: int) -> None:
    # At whoever imports: frames of importlib are not counted.
    warnings.warn(f"{message}; the old path goes with the next release", DeprecationWarning, depth)


def _new_paths(path: str) -> list[str]:
    old = _short(path)
    return [_long(new) for new in (_MOVED[old], *_SPLIT.get(old, ()))]


def _public_names(module: ModuleType) -> list[str]:
    public = import_module(__package__)
    return [
        name
        for name in public.__all__
        if getattr(vars(module).get(name), "__module__", None) == module.__name__
    ]


def _long(path: str) -> str:
    return f"{__package__}.{path}"


def _short(path: str) -> str:
    return path.removeprefix(f"{__package__}.")
