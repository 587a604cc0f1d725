"""Settings from the environment."""

import pytest

from chatbot.config import PREFIX, ConfigError, Settings, from_environment

SECRET = "x" * 32


def reason(environment: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        from_environment(environment)
    return str(caught.value)


def test_nothing_set_means_development() -> None:
    assert from_environment({}).environment == "development"


def test_variables_of_others_are_ignored() -> None:
    assert from_environment({"HOME": "/", "PORT": "9"}) == Settings()


def test_an_empty_variable_means_not_set() -> None:
    assert from_environment({"CHATBOT_REDIS_URL": ""}).redis_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHATBOT_NONSENSE", "1"),
        ("CHATBOT_ENVIRONMENT", "staging"),
        ("CHATBOT_SECRET_KEY", "short"),
        ("CHATBOT_RATE_LIMIT", "sixty"),
        ("CHATBOT_PUBLIC_URL", "example.org"),
        ("CHATBOT_PUBLIC_URL", "https://example.org/path"),
        ("CHATBOT_SERVE_DRAFTS", "maybe"),
        ("CHATBOT_TRUSTED_PROXIES", "-1"),
        ("CHATBOT_DATABASE_URL", "mysql://x/y"),
        ("CHATBOT_DATABASE_URL", "chatbot.sqlite"),
        ("CHATBOT_WEBHOOK_SECRET", "secret"),
        ("CHATBOT_WEBHOOK_SECRET", "whsec_c2hvcnQ="),
        ("CHATBOT_SMTP_SENDER", "Clinic"),
        ("CHATBOT_SMTP_SENDER", "Clinic <a@b>\nBcc: c@d"),
        ("CHATBOT_SMTP_SECURITY", "maybe"),
        ("CHATBOT_SMTP_PORT", "99999"),
    ],
)
def test_a_bad_variable_stops_the_start_and_is_named(name: str, value: str) -> None:
    assert name in reason({name: value})


def test_all_bad_variables_are_named_at_once() -> None:
    said = reason({"CHATBOT_ONE": "1", "CHATBOT_TWO": "2"})
    assert "CHATBOT_ONE" in said
    assert "CHATBOT_TWO" in said


def test_a_bad_value_is_never_repeated() -> None:
    assert "hunter2" not in reason({"CHATBOT_SECRET_KEY": "hunter2"})


def test_production_needs_a_key_and_a_word_on_drafts() -> None:
    said = reason({"CHATBOT_ENVIRONMENT": "production"})
    assert "CHATBOT_SECRET_KEY" in said
    assert "CHATBOT_SERVE_DRAFTS" in said


def test_production_with_both_starts() -> None:
    environment = {"ENVIRONMENT": "production", "SECRET_KEY": SECRET, "SERVE_DRAFTS": "false"}
    settings = from_environment({PREFIX + name: value for name, value in environment.items()})
    assert not settings.drafts_served


@pytest.mark.parametrize("url", ["postgres://a:b@h/d", "postgresql://a:b@h/d", "postgresql+psycopg://a:b@h/d"])
def test_every_usual_spelling_of_a_postgresql_address_is_understood(url: str) -> None:
    assert from_environment({"CHATBOT_DATABASE_URL": url}).database_url == "postgresql+psycopg://a:b@h/d"


def test_a_password_never_goes_to_a_mail_server_in_the_clear() -> None:
    mail = {"SMTP_HOST": "h", "SMTP_SENDER": "a@b.example", "SMTP_SECURITY": "none", "SMTP_USERNAME": "u"}
    assert "CHATBOT_SMTP_USERNAME" in reason({PREFIX + name: value for name, value in mail.items()})
