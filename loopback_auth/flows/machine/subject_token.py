"""
The token of this machine's own identity: what a CI system or a cluster says of the job that runs.

It is fetched or read at each mint, and stored nowhere.
"""

from __future__ import annotations

from urllib.parse import quote

from ...edge.files.home import variable
from ...errors import LoopbackAuthError, SubjectTokenUnusable
from ...oauth.http.messages import FormPost, Get, read_json_object, refuse_unusable
from ...oauth.http.url import check_url
from ...oauth.jose.jwt import unverified_claims
from ...oauth.secret import Secret
from ..server.retry import send_with_retries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...oauth.http.messages import HttpReply
    from ..services import Services

SOURCES = ("github", "gitlab", "azure", "file:PATH", "env:NAME")
"""What the setting `subject_token` may say."""

GITLAB_VARIABLE = "GITLAB_OIDC_TOKEN"
"""The name that GitLab's own examples give to a token of `id_tokens:`."""


async def subject_token(source: str, audience: str | None, services: Services) -> Secret:
    """
    Return the token from *source*, one of `SOURCES`, for *audience*.

    Where the job itself decides whom its token is for (all but GitHub), *audience* is not asked.

    Raises:
        SubjectTokenUnusable: There is none here, or what is there is no JWT.
        ProviderError: The CI system could not be asked.
    """
    kind, colon, name = source.partition(":")
    if kind == "github":
        token = await _of_github(audience, services)
    elif kind == "azure":
        token = await _of_azure(services)
    elif kind == "gitlab" or (kind == "env" and name):
        token = _of_variable(name if colon else GITLAB_VARIABLE, services.environ)
    elif kind == "file" and name:
        token = _of_file(name)
    else:
        raise SubjectTokenUnusable(f"subject_token is none of {', '.join(SOURCES)}")
    try:
        unverified_claims(token)
    except ValueError:
        raise SubjectTokenUnusable(f"what {source} has is no JWT") from None
    return token


async def _of_github(audience: str | None, services: Services) -> Secret:
    """
    Ask GitHub Actions.

    https://docs.github.com/en/actions/reference/security/oidc
    """
    url, bearer = _job(services, "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if audience:
        url += f"{'&' if '?' in url else '?'}audience={quote(audience, safe='')}"
    return await _asked(Get(url=url, authorization=bearer), "value", "GitHub Actions", services)


async def _of_azure(services: Services) -> Secret:
    """
    Ask Azure Pipelines.

    https://learn.microsoft.com/en-us/rest/api/azure/devops/distributedtask/oidctoken/create
    """
    url, bearer = _job(services, "SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN")
    url += f"{'&' if '?' in url else '?'}api-version=7.1"
    # The type that Microsoft's own clients name, for no content at all.
    headers = (("Content-Type", "application/json"),)
    post = FormPost(url=url, fields=(), authorization=bearer, headers=headers)
    return await _asked(post, "oidcToken", "Azure Pipelines", services)


def _job(services: Services, *names: str) -> tuple[str, Secret]:
    """Return the address and the token by which the job of a CI system asks."""
    url, token = (variable(name, services.environ) for name in names)
    if not (url and token):
        missing = next(name for name in names if not variable(name, services.environ))
        raise SubjectTokenUnusable(f"the variable {missing} is not set", variable=missing)
    return check_url(url, name=names[0]), Secret(f"Bearer {token}")


async def _asked(message: Get | FormPost, member: str, what: str, services: Services) -> Secret:
    reply: HttpReply = await send_with_retries(
        message, transport=services.transport, clock=services.clock
    )
    if reply.is_busy:
        refuse_unusable(reply, what)
    if not reply.is_success:
        raise SubjectTokenUnusable(f"{what} refused to say who this job is ({reply.status})")
    token = read_json_object(reply, what=what).get(member)
    if not isinstance(token, str):
        raise SubjectTokenUnusable(f"{what} answered without the member {member}")
    return Secret(token)


def _of_variable(name: str, environ: Mapping[str, str] | None) -> Secret:
    token = (variable(name, environ) or "").strip()
    if not token:
        raise SubjectTokenUnusable(f"the variable {name} is not set", variable=name)
    return Secret(token)


def _of_file(path: str) -> Secret:
    """Read the file as it is now: clusters replace it while a job runs."""
    # Late: it is of one kind of profile.
    from ...edge.files.config_file import read_anywhere, text_of

    try:
        token = text_of(read_anywhere(path)).strip()
    except LoopbackAuthError:
        raise
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SubjectTokenUnusable(f"no token can be read from {path}: {why}") from None
    if not token:
        raise SubjectTokenUnusable(f"the file {path} is empty")
    return Secret(token)
