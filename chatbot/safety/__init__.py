"""The safety gate: hides how signs of danger are found in what a visitor types, and which card answers them."""

from chatbot.safety.guard import Guard
from chatbot.safety.rules import Rules

__all__ = ["Guard", "Rules"]
