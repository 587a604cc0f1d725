"""What one running app is made of, and how a request finds it."""

from dataclasses import dataclass

from flask import current_app

from ..assistant import Assistant
from ..config import Settings
from ..reception import Reception
from ..storage import Storage
from .conversation import Conversations
from .limits import Limits
from .metrics import Metrics
from .widget import Widgets


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that views need."""

    settings: Settings
    assistant: Assistant
    storage: Storage
    reception: Reception
    conversations: Conversations
    limits: Limits
    metrics: Metrics
    widgets: Widgets


def parts() -> Parts:
    """The parts of the app that serves this request."""
    found: Parts = current_app.extensions["parts"]
    return found
