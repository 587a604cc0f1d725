"""The settings, all from the environment, in one table."""

import re
from base64 import b64decode
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal

from limits import parse
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from standardwebhooks import Webhook

PREFIX = "CHATBOT_"
_PACKAGED_KNOWLEDGE = Path(__file__).resolve().parent.parent / "knowledge"


class ConfigError(Exception):
    """The environment does not fit; the message names every bad variable."""


def _rate(value: str) -> str:
    if value != "off":
        parse(value)
    return value


def _webhook_secret(value: str) -> str:
    try:
        Webhook(value)
        key = b64decode(value.removeprefix("whsec_"), validate=True)
    except Exception:
        raise ValueError("has to be base64, as `whsec_...`") from None
    if not 24 <= len(key) <= 64:
        raise ValueError("has to stand for 24 to 64 bytes, as Standard Webhooks has it")
    return value


def _database(value: str) -> str:
    """Any usual spelling of the two databases, in the one that SQLAlchemy and the driver here understand."""
    if value.startswith("sqlite:///"):
        return value
    kind, _, rest = value.partition("://")
    if kind not in ("postgres", "postgresql", "postgresql+psycopg") or not rest:
        raise ValueError("has to begin with sqlite:/// or postgresql://")
    return f"postgresql+psycopg://{rest}"


def _sender(value: str) -> str:
    _, address = parseaddr(value)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or not value.isprintable():
        raise ValueError("has to look like `Clinic <no-reply@example.org>`")
    return value


def _listed(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Hosts = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Settings(BaseModel):
    """What an operator can set; each field is the variable CHATBOT_<FIELD>."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: Literal["development", "production"] = Field(
        "development", description="`production` asks for a secret key and a decision on drafts."
    )
    secret_key: Annotated[str, Field(min_length=32)] | None = Field(
        None,
        description="Signs conversation tokens, 32 characters or more. Development makes one; production needs it.",
    )
    instance_dir: Path = Field(
        Path("instance"), description="Where the app keeps its own files: key, compiled base, SQLite."
    )
    knowledge_dir: Path = Field(_PACKAGED_KNOWLEDGE, description="The knowledge base's folder.")
    database_url: Annotated[str, AfterValidator(_database)] | None = Field(
        None, description="SQLAlchemy address of the database; default SQLite in the instance folder."
    )
    redis_url: str | None = Field(None, description="Where limits are counted for many machines; default in memory.")
    rate_limit: Annotated[str, AfterValidator(_rate)] = Field(
        "60/minute", description="Requests per visitor address, or `off`. Emergencies are never limited."
    )
    public_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] = Field(
        "http://127.0.0.1:8000", description="The service's own address; absolute links are made from it."
    )
    serve_drafts: bool | None = Field(
        None, description="Serve texts that await medical review. Development: true; production has to say."
    )
    trusted_proxies: Annotated[int, Field(ge=0, le=5)] = Field(
        0, description="How many proxies in front may be believed about the visitor's address."
    )
    booking_hosts: Hosts = Field((), description="Hosts a link to a booking page of preset `page` may lead to.")
    webhook_secret: Annotated[str, AfterValidator(_webhook_secret)] | None = Field(
        None,
        description="Signs webhooks (Standard Webhooks, `whsec_...`); needed where a form delivers to one.",
    )
    webhook_private_hosts: Hosts = Field((), description="Hosts a webhook may reach although they are private.")
    smtp_host: str | None = Field(None, description="The mail server; needed where a form delivers by e-mail.")
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(587, description="The mail server's port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="How it is spoken to.")
    smtp_username: str | None = Field(None, description="The name to log in with at the mail server.")
    smtp_password: str | None = Field(None, description="The password for it.")
    smtp_sender: Annotated[str, AfterValidator(_sender)] | None = Field(
        None, description="Who mails come from, as `Clinic <no-reply@example.org>`."
    )
    deliver_in_workers: bool = Field(
        True, description="Whether each worker delivers too; `false` where `python -m chatbot deliver` runs alone."
    )
    record_unanswered: bool = Field(
        False,
        description="Whether questions that got no answer are kept, redacted, for `python -m chatbot unanswered`.",
    )
    unanswered_days: Annotated[int, Field(ge=1, le=90)] = Field(30, description="How many days they are kept.")
    metrics_token: str | None = Field(None, description="Where set, /metrics asks for this bearer token.")

    @model_validator(mode="after")
    def _production_is_explicit(self) -> "Settings":
        if self.environment == "production":
            missing = [name for name in ("secret_key", "serve_drafts") if getattr(self, name) is None]
            if missing:
                named = " and ".join(PREFIX + name.upper() for name in missing)
                raise ValueError(f"{named} must be set in production")
        if self.smtp_host and not self.smtp_sender:
            raise ValueError("CHATBOT_SMTP_SENDER must be set where CHATBOT_SMTP_HOST is")
        if self.smtp_username and self.smtp_security == "none":
            raise ValueError("CHATBOT_SMTP_USERNAME needs CHATBOT_SMTP_SECURITY `starttls` or `tls`")
        return self

    @property
    def drafts_served(self) -> bool:
        """Whether unreviewed texts may be shown."""
        return True if self.serve_drafts is None else self.serve_drafts


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises ConfigError that names every unknown CHATBOT_ variable and every bad value.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value
    }
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise ConfigError("\n".join(_reason(one) for one in error.errors())) from None


def _reason(error: object) -> str:
    assert isinstance(error, dict)
    if not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ")
    name = PREFIX + str(error["loc"][0]).upper()
    if error["type"] == "extra_forbidden":
        known = ", ".join(PREFIX + field.upper() for field in Settings.model_fields)
        return f"{name} is not a setting; the settings are {known}"
    return f"{name}: {error['msg']}"
