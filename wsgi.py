"""The application for any WSGI server: `wsgi:app`."""

import sys

from chatbot.config import ConfigError
from chatbot.knowledge import KnowledgeError
from chatbot.web import GuardFailed, create_app

try:
    app = create_app()
except (ConfigError, KnowledgeError, GuardFailed) as reason:
    print(f"The chatbot cannot start.\n{reason}", file=sys.stderr)
    sys.exit(3)
