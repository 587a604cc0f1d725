"""The consultation form as data: a program that draws these fields in this order has the whole form."""

from collections.abc import Mapping

from ..booking import DAYS, PARTS
from .schemas import FieldOut, TimeChoiceOut

_WORDS = (
    "title", "lead", "more", "review", "review.title", "change", "send", "sent.title", "within", "soon", "unwatched",
    "link", "yes",
)  # fmt: skip


def fields(say: Mapping[str, str]) -> tuple[FieldOut, ...]:
    """Every field; what is needed comes first, consent last, and `more` marks what may be left away."""

    def optional(name: str, type: str, label: str, *, help: str = "") -> FieldOut:
        label, help = say[f"booking.{label}"], say[f"booking.{help}"] if help else ""
        return FieldOut(name=name, type=type, label=label, help=help, more=True)

    contact = say["booking.field.contact_help"]
    return (
        FieldOut(name="name", label=say["booking.field.name"], autocomplete="name"),
        FieldOut(name="email", type="email", label=say["booking.field.email"], help=contact, autocomplete="email"),
        FieldOut(name="phone", type="tel", label=say["booking.field.phone"], autocomplete="tel"),
        optional("voicemail", "checkbox", "field.voicemail"),
        optional("for_someone_else", "checkbox", "for.someone_else"),
        optional("may_ask", "checkbox", "may_ask"),
        FieldOut(
            name="times",
            type="times",
            label=say["booking.field.times"],
            help=say["booking.field.times_help"],
            more=True,
            choices=_times(say),
        ),
        optional("zone", "text", "field.zone"),
        optional("interpreter", "text", "field.interpreter"),
        optional("note", "textarea", "field.note", help="field.note_help"),
        optional("send_summary", "checkbox", "field.share", help="field.summary_help"),
        optional("summary", "textarea", "field.questions"),
        FieldOut(name="consent", type="checkbox", label=say["booking.consent.agree"], help=say["booking.consent"]),
    )


def words(say: Mapping[str, str]) -> dict[str, str]:
    """The words around the fields: headings, buttons, and what is said at the end."""
    return {name.replace(".", "_"): say[f"booking.{name}"] for name in _WORDS}


def _times(say: Mapping[str, str]) -> tuple[TimeChoiceOut, ...]:
    return tuple(
        TimeChoiceOut(day=day, part=part, label=f"{say[f'booking.day.{day}']} {say[f'booking.part.{part}']}")
        for day in DAYS
        for part in PARTS
    )
