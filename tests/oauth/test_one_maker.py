"""AR-01 and TX-01: a code that nobody checked cannot reach the token endpoint."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path
from typing import get_type_hints

import loopback_auth
from loopback_auth.oauth.authorize.request import AuthorizationRequest, AuthorizationResponse
from loopback_auth.oauth.token import reply as token

PACKAGE = Path(loopback_auth.__file__).parent


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def makers(name: str) -> set[str]:
    """
    List the functions of the package in whose body *name* is called, under whatever name, or handed
    on to be called.
    """
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = tree_of(path)
        names = {name} | {
            alias.asname
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.name == name and alias.asname
        }
        scopes = [
            node
            for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]
        for scope in scopes:
            if any(_makes(node, names) for node in ast.walk(scope)):
                found.add(f"{path.relative_to(PACKAGE).as_posix()}:{scope.name}")
    return found


def _makes(node: ast.AST, names: set[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = (
        [node.func] if _name(node.func) in ("isinstance", "issubclass") else [node.func, *node.args]
    )
    return any(_name(each) in names for each in called)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def test_no_answer_is_changed_after_it_was_checked() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and _name(node.func) in (
                "replace",
                "__replace__",
                "__setattr__",
            ):
                assert not {"code", "request"} & {each.arg for each in node.keywords}, path


def test_nobody_but_the_request_makes_an_authorization_response() -> None:
    assert makers("AuthorizationResponse") == {"oauth/authorize/request.py:_answer"}
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
    assert makers("authorization_code_grant") == {"flows/login/completion/redemption.py:redeem"}
