"""`python -m chatbot`: the commands."""

import sys

from .cli import main

sys.exit(main())
