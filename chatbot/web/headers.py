"""What every response carries: who may frame it, what it may load, which partner may read it."""

from collections.abc import Mapping

from flask import Flask, Response, request

from ..model import Partner

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'; "
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "7200",
}


def register(app: Flask, partners: Mapping[str, Partner], *, https_only: bool) -> None:
    """Add the headers to every response and answer the partners' preflight requests."""
    origins = frozenset(origin for partner in partners.values() for origin in partner.origins)

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY + _framing(partners))
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if https_only:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if request.path.startswith("/api/"):
            _let_partner_read(response, origins)
        return response


def _framing(partners: Mapping[str, Partner]) -> str:
    """A page may be framed by us, and by the sites of the partner it is shown for."""
    partner = partners.get(request.args.get("partner", ""))
    return " ".join(["frame-ancestors 'self'", *(partner.origins if partner else ())])


def _let_partner_read(response: Response, origins: frozenset[str]) -> None:
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS":
        response.headers.extend(_PREFLIGHT)
