"""The safety gate: hides how signs of danger are found in what a visitor types, and which card answers them."""

from chatbot.safety.guard import Guard
from chatbot.safety.rules import Rules
from chatbot.safety.vote import FORMAT as VOTE_FORMAT
from chatbot.safety.vote import Vote

__all__ = ["VOTE_FORMAT", "Guard", "Rules", "Vote"]
