"""The partners' files: who embeds the widget, and who at a clinic receives the requests from there."""

from collections.abc import Mapping
from pathlib import Path

from ..booking import Desk, Destination, Payload
from ..model import Country, Partner, Way
from . import shapes
from .sources import Sources

DEFAULT_PARTNER = "default"
"""The slug of the partner that stands for visitors of no other."""


def read_partners(sources: Sources, countries: Mapping[str, Country]) -> tuple[dict[str, Partner], dict[str, Desk]]:
    """The partners by slug, and the desks of those that have a form."""
    sources.required(f"partners/{DEFAULT_PARTNER}.yaml")
    partners, desks = {}, {}
    for document in sources.under("partners/"):
        slug = Path(document.file).stem
        shaped = sources.shaped(document, shapes.PartnerShape)
        if shaped is None:
            continue
        if shaped.country and shaped.country not in countries:
            sources.problems.append(
                document.problem(("country",), f"'{shaped.country}' does not stand in countries.yaml; add it there")
            )
        ways = tuple(Way(way.mode, way.label, way.url, way.preset) for way in shaped.ways)
        partners[slug] = Partner(slug, shaped.name, shaped.origins, shaped.country, shaped.notice, ways, shaped.accent)
        if form := next((way for way in shaped.ways if way.mode == "form"), None):
            desks[slug] = _desk(form)
    return partners, desks


def _desk(form: shapes.WayShape) -> Desk:
    to = (Destination(one.channel, one.target, Payload(one.payload)) for one in form.deliver)
    return Desk(tuple(to), form.reader, form.reply_within)
