"""The knowledge base: hides YAML, its dangers, and the editor's rules."""

from .editorial import HEADING
from .loading import DEFAULT_PARTNER, Fact, KnowledgeBase, KnowledgeError, Language, load
from .strict_yaml import Problem

__all__ = ["DEFAULT_PARTNER", "HEADING", "Fact", "KnowledgeBase", "KnowledgeError", "Language", "Problem", "load"]
