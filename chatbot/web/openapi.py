"""The OpenAPI document, made from the very shapes that the views use."""

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .problems import PROBLEMS
from .schemas import (
    AboutOut,
    ChatRequest,
    ConsultationFormOut,
    ConsultationOut,
    ConsultationRequest,
    FeedbackOut,
    FeedbackRequest,
    FitsOut,
    ProblemOut,
    ReplyOut,
    StatusOut,
    SuggestOut,
    SuggestRequest,
    TokenRequest,
)

Json = dict[str, Any]
Operation = tuple[str, str, str, type[BaseModel] | None, type[BaseModel], tuple[str, ...]]

_BODY_PROBLEMS = ("validation", "too-large", "not-json", "too-many", "bad-request")
_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A new random value for each request; the same value again gets the same answer.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 200, "pattern": "^[!-~]+$"},
}
OPERATIONS: tuple[Operation, ...] = (
    ("post", "/api/v1/chat", "Answer one message or one picked choice", ChatRequest, ReplyOut, _BODY_PROBLEMS),
    ("post", "/api/v1/suggest", "Suggest questions while typing", SuggestRequest, SuggestOut, _BODY_PROBLEMS),
    (
        "post",
        "/api/v1/feedback",
        "Count whether an answer helped",
        FeedbackRequest,
        FeedbackOut,
        (*_BODY_PROBLEMS, "unavailable"),
    ),
    (
        "post",
        "/api/v1/consultations",
        "Ask for a free consultation, once per Idempotency-Key",
        ConsultationRequest,
        ConsultationOut,
        (*_BODY_PROBLEMS, "no-key", "key-in-flight", "unavailable"),
    ),
    (
        "post",
        "/api/v1/consultations/check",
        "Check a request without storing it",
        ConsultationRequest,
        FitsOut,
        _BODY_PROBLEMS,
    ),
    ("get", "/api/v1/consultations/form", "What the request form needs", None, ConsultationFormOut, ()),
    (
        "post",
        "/api/v1/consultations/status",
        "See where a request stands",
        TokenRequest,
        StatusOut,
        (*_BODY_PROBLEMS, "not-found", "unavailable"),
    ),
    (
        "post",
        "/api/v1/consultations/cancel",
        "Cancel a request",
        TokenRequest,
        StatusOut,
        (*_BODY_PROBLEMS, "not-found", "unavailable"),
    ),
    ("get", "/api/v1/about", "Say what this service is", None, AboutOut, ()),
)


@cache
def document() -> Json:
    """The whole document, OpenAPI 3.1."""
    incoming = [(shape, "validation") for *_, shape, _, _ in OPERATIONS if shape]
    outgoing = [(shape, "serialization") for *_, shape, _ in OPERATIONS]
    modes: Any = [*incoming, *outgoing, (ProblemOut, "serialization")]
    _, schemas = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        method, path, *_ = operation
        paths.setdefault(path, {})[method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Questions on stem-cell research for spinal cord injury",
            "version": "1",
            "description": "An automated assistant, not a person and not a triage device; it answers from one article.",
        },
        "paths": paths,
        "components": {"schemas": schemas["$defs"]},
    }


def _described(operation: Operation) -> Json:
    _, path, summary, incoming, outgoing, slugs = operation
    described: Json = {
        "summary": summary,
        "operationId": path.removeprefix("/api/v1/").replace("/", "_"),
        "responses": _responses(outgoing, slugs, success="201" if outgoing is ConsultationOut else "200"),
    }
    if outgoing is ConsultationOut:
        described["parameters"] = [_KEY]
    if incoming:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(incoming)}}}
    return described


def _responses(outgoing: type[BaseModel], slugs: tuple[str, ...], *, success: str) -> Json:
    responses = {success: {"description": "Done", "content": {"application/json": {"schema": _ref(outgoing)}}}}
    for slug in slugs:
        status, title, _ = PROBLEMS[slug]
        content = {"application/problem+json": {"schema": _ref(ProblemOut)}}
        responses[str(status)] = {"description": title, "content": content}
    return responses


def _ref(shape: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}
