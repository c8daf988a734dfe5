"""AR-01 and TX-01: a code that nobody checked cannot reach the token endpoint."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import get_type_hints

import loopback_auth
from loopback_auth.oauth import token
from loopback_auth.oauth.authorization import AuthorizationRequest, AuthorizationResponse

PACKAGE = Path(loopback_auth.__file__).parent


def makers(name: str) -> set[str]:
    """List the functions of the package in whose body the class *name* is called, or handed on to be called."""
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        scopes = [
            node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]
        for scope in scopes:
            if any(_makes(node, name) for node in ast.walk(scope)):
                found.add(f"{path.relative_to(PACKAGE).as_posix()}:{scope.name}")
    return found


def _makes(node: ast.AST, name: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = [node.func, *node.args] if not _asks(node) else [node.func]
    return any(_is(each, name) for each in called)


def _is(node: ast.expr, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (
        isinstance(node, ast.Attribute) and node.attr == name
    )


def _asks(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass")


def test_nobody_but_the_request_makes_an_authorization_response() -> None:
    assert makers("AuthorizationResponse") == {"oauth/authorization.py:_answer"}
    assert "_answer" in inspect.getsource(AuthorizationRequest.read)


def test_the_grant_takes_nothing_but_an_authorization_response() -> None:
    assert (
        "response: AuthorizationResponse"
        in inspect.getsource(token.authorization_code_grant).partition("->")[0]
    )
    parameters = inspect.signature(token.authorization_code_grant).parameters
    assert list(parameters) == ["response"]


def test_a_response_holds_the_request_that_it_answers() -> None:
    assert set(inspect.signature(AuthorizationResponse).parameters) == {"request", "code"}
    assert "request" in get_type_hints(
        AuthorizationResponse, localns={"AuthorizationRequest": AuthorizationRequest}
    )


def test_the_grant_is_built_in_one_place() -> None:
    assert makers("authorization_code_grant") == {"flows/redemption.py:redeem"}
