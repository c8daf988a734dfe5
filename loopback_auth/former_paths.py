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

_MOVED = {
    "cli.answer": "cli.api_output",
    "cli.api": "cli.commands.api",
    "cli.background": "cli.background.parent",
    "cli.config": "cli.commands.config",
    "cli.demo": "cli.commands.demo",
    "cli.doctor": "cli.commands.doctor",
    "cli.env": "cli.commands.env",
    "cli.exchange": "cli.commands.exchange",
    "cli.exec": "cli.commands.exec",
    "cli.explain": "cli.commands.explain",
    "cli.export": "cli.commands.export",
    "cli.flags": "cli.settings_flags",
    "cli.help": "cli.commands.help",
    "cli.init": "cli.commands.init",
    "cli.login": "cli.commands.login",
    "cli.logout": "cli.commands.logout",
    "cli.pasted": "cli.input_text",
    "cli.profiles": "cli.commands.profiles",
    "cli.providers": "cli.commands.providers",
    "cli.question": "cli.prompts",
    "cli.refresh": "cli.commands.refresh",
    "cli.refresher": "cli.background.child",
    "cli.status": "cli.commands.status",
    "cli.talk": "cli.progress",
    "cli.token": "cli.commands.token",
    "edge.accepting": "edge.callback.accepting",
    "edge.answer_body": "edge.http.answer_body",
    "edge.background_writer": "edge.interaction.background_writer",
    "edge.believed_file": "edge.files.config_file",
    "edge.browser": "edge.interaction.browser",
    "edge.child": "edge.process.child",
    "edge.client_secret": "edge.files.client_secrets",
    "edge.clock": "edge.process.clock",
    "edge.config": "settings.config_toml",
    "edge.config_writer": "settings.config_writer",
    "edge.core_dumps": "edge.process.core_dumps",
    "edge.document": "edge.store.document",
    "edge.environment": "edge.interaction.environment",
    "edge.event_loop": "edge.process.event_loop",
    "edge.failures": "edge.http.failures",
    "edge.file_lock": "edge.files.file_lock",
    "edge.frozen": "edge.process.frozen",
    "edge.home": "edge.files.home",
    "edge.http_server": "edge.callback.http",
    "edge.interrupts": "edge.process.interrupts",
    "edge.keyring_entry": "edge.store.keyring_entry",
    "edge.keyring_lock": "edge.store.keyring_lock",
    "edge.keyring_record": "edge.store.keyring_record",
    "edge.keyring_service": "edge.store.keyring_service",
    "edge.keyring_store": "edge.store.keyring_store",
    "edge.listeners": "edge.callback.listeners",
    "edge.lock_holder": "edge.files.lock_holder",
    "edge.loopback": "edge.callback.server",
    "edge.page": "edge.callback.pages",
    "edge.pasting": "edge.interaction.terminal",
    "edge.peer_user": "edge.callback.peer_user",
    "edge.pending": "edge.files.pending_logins",
    "edge.permissions": "edge.files.permissions",
    "edge.plain_toml": "edge.files.plain_toml",
    "edge.port_holder": "edge.callback.port_holder",
    "edge.private_file": "edge.files.private_file",
    "edge.private_folder": "edge.files.private_folder",
    "edge.profile_lock": "edge.store.profile_lock",
    "edge.provider_files": "edge.files.provider_files",
    "edge.proxy": "edge.http.proxy",
    "edge.storage": "settings.storage",
    "edge.store": "edge.store.file_store",
    "edge.streaming": "edge.http.streaming",
    "edge.tab": "edge.callback.session",
    "edge.thread": "edge.process.thread",
    "edge.tls": "edge.http.tls",
    "edge.toml_position": "edge.files.toml_position",
    "edge.transport": "edge.http.client",
    "edge.unwritable": "edge.files.unwritable",
    "edge.upload": "edge.http.upload",
    "edge.visit": "edge.callback.request_gate",
    "explain.forms": "explain.report_forms",
    "explain.paste": "explain.report",
    "export.ci": "export.environment.ci",
    "export.dotenv": "export.environment.dotenv",
    "export.formats": "export.program.formats",
    "export.members": "export.program.members",
    "export.postman": "export.program.postman",
    "export.sfdx_url": "export.program.sfdx_url",
    "export.shells": "export.environment.shells",
    "export.simple_salesforce": "export.program.simple_salesforce",
    "export.singer": "export.program.singer",
    "flows.access_token": "flows.tokens.access_token",
    "flows.check": "flows.tokens.check",
    "flows.code_credentials": "flows.login.code_credentials",
    "flows.discovery": "flows.server.discovery",
    "flows.doctor": "flows.doctor.examine",
    "flows.doctor_files": "flows.doctor.files",
    "flows.doctor_here": "flows.doctor.machine",
    "flows.doctor_network": "flows.doctor.network",
    "flows.doctor_preflight": "flows.doctor.preflight",
    "flows.expiry": "flows.tokens.expiry",
    "flows.explained": "flows.diagnosis",
    "flows.in_flight": "flows.tokens.in_flight",
    "flows.issued": "flows.tokens.issued",
    "flows.lifetime": "flows.tokens.lifetime",
    "flows.login": "flows.login.browser",
    "flows.logout": "flows.tokens.logout",
    "flows.manual": "flows.login.manual",
    "flows.mix_up": "flows.server.mix_up",
    "flows.only_copy": "flows.tokens.only_copy",
    "flows.opening": "flows.login.opening",
    "flows.partial_answer": "flows.tokens.only_copy",
    "flows.pasted": "flows.login.answer",
    "flows.patience": "flows.server.retry",
    "flows.preflight": "flows.login.preflight",
    "flows.profile": "settings.profile",
    "flows.redemption": "flows.login.completion.redemption",
    "flows.refresh": "flows.tokens.refresh",
    "flows.replacement": "flows.login.completion.replacement",
    "flows.revocation": "flows.tokens.revocation",
    "flows.turn": "flows.tokens.profile_lock",
    "oauth.authorization": "oauth.authorize.request",
    "oauth.code_credentials": "oauth.authorize.code_credentials",
    "oauth.expiry": "oauth.token.expiry",
    "oauth.id_token": "oauth.jose.id_token",
    "oauth.introspection": "oauth.token.introspection",
    "oauth.jwt": "oauth.jose.jwt",
    "oauth.lenient_json": "oauth.http.lenient_json",
    "oauth.lifetime": "oauth.token.lifetime",
    "oauth.pasted_answer": "oauth.authorize.pasted",
    "oauth.pkce": "oauth.authorize.pkce",
    "oauth.redirect_uri": "oauth.authorize.redirect_uri",
    "oauth.refresh": "oauth.token.refresh",
    "oauth.resource": "oauth.resource.address",
    "oauth.revocation": "oauth.token.revocation",
    "oauth.token": "oauth.token.reply",
    "oauth.token_members": "oauth.token.members",
    "oauth.wire": "oauth.http.messages",
    "testing.answers": "testing.http.answers",
    "testing.authorization": "testing.openid.authorization",
    "testing.authorization_request": "testing.openid.authorization_request",
    "testing.client_authentication": "testing.openid.client_authentication",
    "testing.delivery": "testing.http.delivery",
    "testing.endpoints": "testing.openid.endpoints",
    "testing.faults": "testing.http.faults",
    "testing.forms": "testing.html_form",
    "testing.grants": "testing.openid.grants",
    "testing.id_token": "testing.openid.id_token",
    "testing.introspection": "testing.openid.introspection",
    "testing.pages": "testing.openid.pages",
    "testing.records": "testing.http.records",
    "testing.registry": "testing.openid.registry",
    "testing.resources": "testing.openid.resources",
    "testing.revocation": "testing.openid.revocation",
    "testing.salesforce.agents": "testing.salesforce.endpoints.agents",
    "testing.salesforce.assertion": "testing.salesforce.endpoints.assertion",
    "testing.salesforce.authorize": "testing.salesforce.endpoints.authorize",
    "testing.salesforce.checks": "testing.salesforce.endpoints.checks",
    "testing.salesforce.discovery": "testing.salesforce.endpoints.discovery",
    "testing.salesforce.identity": "testing.salesforce.endpoints.identity",
    "testing.salesforce.machine": "testing.salesforce.endpoints.machine",
    "testing.salesforce.parties": "testing.salesforce.accounts",
    "testing.salesforce.person": "testing.salesforce.pages",
    "testing.salesforce.rest": "testing.salesforce.endpoints.rest",
    "testing.salesforce.token": "testing.salesforce.endpoints.token",
    "testing.salesforce.tokens": "testing.salesforce.endpoints.tokens",
    "testing.salesforce.world": "testing.salesforce.state",
    "testing.server": "testing.openid.server",
    "testing.service": "testing.http.service",
    "testing.tenant": "testing.openid.tenant",
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
