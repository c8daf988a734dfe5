"""HTTP status codes by the names and classes of RFC 9110 section 15."""

from __future__ import annotations

OK = 200
NOT_MODIFIED = 304
BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
PROXY_AUTHENTICATION_REQUIRED = 407
GONE = 410

# RFC 6585 sections 4, 5 and 6.
TOO_MANY_REQUESTS = 429
REQUEST_HEADER_FIELDS_TOO_LARGE = 431
NETWORK_AUTHENTICATION_REQUIRED = 511

_SUCCESS = range(200, 300)
_REDIRECT = range(300, 400)
_LEAST_ERROR, _LEAST_SERVER_ERROR = 400, 500


class HasStatus:
    """What the `status` of an answer says."""

    __slots__ = ()

    status: int

    @property
    def is_ok(self) -> bool:
        """Whether the status is 200: a document, where another success may come without one."""
        return self.status == OK

    @property
    def is_success(self) -> bool:
        """Whether the status is of the 2xx class."""
        return self.status in _SUCCESS

    @property
    def is_redirect(self) -> bool:
        """Whether the status is of the 3xx class."""
        return self.status in _REDIRECT

    @property
    def is_error(self) -> bool:
        """Whether the status is of the 4xx or 5xx class."""
        return self.status >= _LEAST_ERROR

    @property
    def is_busy(self) -> bool:
        """Whether the server cannot answer now: 429, or the 5xx class."""
        return self.status >= _LEAST_SERVER_ERROR or self.status == TOO_MANY_REQUESTS
