"""The knowledge base: hides YAML, its dangers, and the editor's rules."""

from .editorial import HEADING
from .language import Language
from .loading import Fact, KnowledgeBase, KnowledgeError, load
from .partners import DEFAULT_PARTNER
from .strict_yaml import Problem

__all__ = ["DEFAULT_PARTNER", "HEADING", "Fact", "KnowledgeBase", "KnowledgeError", "Language", "Problem", "load"]
