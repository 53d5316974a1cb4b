"""YAML as PyYAML's SafeLoader reads it, which is what the trainers read with; every value keeps its place.

Nodes are made from the parser's events, so that depth and aliases are bounded before anything is built.
"""

from typing import Any

import yaml

from lrcli.configs.tree import DEEPEST, Node, refused
from lrcli.text import quoted

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

KNOWN = "tag:yaml.org,2002:"
SCALARS = frozenset(f"{KNOWN}{name}" for name in ("null", "bool", "int", "float"))
MERGE = f"{KNOWN}merge"
TEXTS = frozenset(f"{KNOWN}{name}" for name in ("str", "timestamp", "binary", "value"))
TAGS = SCALARS | TEXTS | {f"{KNOWN}{name}" for name in ("seq", "map", "omap", "set", MERGE)}


def read(path: str, text: str) -> Node:
    """The document. Raises InputError with line and column."""
    loader = Loader(text)
    try:
        return _Builder(path, loader).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"not YAML: {error.problem or error.context}"
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise refused(path, line, column, reason) from None
    except yaml.YAMLError as error:
        raise refused(path, 1, 1, f"not YAML: {str(error).splitlines()[0]}") from None
    finally:
        loader.dispose()


class _Builder:
    """Nodes from the events of one text."""

    def __init__(self, path: str, loader: Any) -> None:
        self.path = path
        self.loader = loader
        self.anchors: dict[str, Node | None] = {}

    def document(self) -> Node:
        loader = self.loader
        loader.get_event()
        event = loader.get_event()
        if isinstance(event, yaml.StreamEndEvent):
            return Node({}, 1, 1)
        node = self._node(loader.get_event(), 0)
        loader.get_event()
        event = loader.get_event()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._refused(event, "expected one document, found a second one (---)")
        return node

    def _refused(self, event: Any, reason: str) -> Exception:
        return refused(self.path, event.start_mark.line + 1, event.start_mark.column + 1, reason)

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            found = self.anchors.get(str(event.anchor))
            if found is None:
                known = event.anchor in self.anchors
                reason = "is inside what it stands for" if known else "stands for nothing above"
                raise self._refused(event, f"the alias *{event.anchor} {reason}")
            return found
        if depth > DEEPEST:
            raise self._refused(event, f"expected at most {DEEPEST} levels of nesting")
        if event.anchor:
            self.anchors[event.anchor] = None
        if event.tag and event.tag != "!" and event.tag not in TAGS:
            raise self._refused(
                event, f"the tag {quoted(event.tag)} makes an object, and nothing is made of a file here"
            )
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = []
            while not isinstance(following := self.loader.get_event(), yaml.SequenceEndEvent):
                value.append(self._node(following, depth + 1))
        else:
            value = self._mapping(depth)
        node = Node(value, event.start_mark.line + 1, event.start_mark.column + 1)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _mapping(self, depth: int) -> dict[str, Node]:
        """As SafeConstructor does: the last of two equal keys counts, and what is merged counts less than both."""
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        while not isinstance(event := self.loader.get_event(), yaml.MappingEndEvent):
            is_merge = isinstance(event, yaml.ScalarEvent) and self._tag(event) == MERGE
            key = self._node(event, depth + 1)
            value = self._node(self.loader.get_event(), depth + 1)
            if not is_merge:
                if isinstance(key.value, dict | list):
                    raise self._refused(event, "expected a name, found a mapping or a list as key")
                # The place of a key is where a person looks for it.
                own[_name(key.value)] = Node(value.value, key.line, key.column)
                continue
            sources = value.value if isinstance(value.value, list) else [value]
            for source in sources:
                if not isinstance(source.value, dict):
                    raise self._refused(event, "expected a mapping, or a list of mappings, for <<")
                merged = {**source.value, **merged} if len(sources) > 1 else {**merged, **source.value}
        return {**merged, **own}

    def _tag(self, event: Any) -> str:
        if event.tag and event.tag != "!":
            return str(event.tag)
        return str(self.loader.resolve(yaml.ScalarNode, event.value, event.implicit))

    def _scalar(self, event: Any) -> Any:
        tag = self._tag(event)
        if tag not in SCALARS:
            return event.value
        try:
            return self.loader.construct_object(yaml.ScalarNode(tag, event.value, event.start_mark))
        except (ValueError, KeyError, IndexError, OverflowError):
            raise self._refused(event, f"PyYAML cannot read {quoted(event.value)} as a number") from None


def _name(key: Any) -> str:
    """A key as text; YAML reads `on` and `1` as keys that are none."""
    return key if isinstance(key, str) else "null" if key is None else str(key)
