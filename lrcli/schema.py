"""JSON Schemas (draft 2020-12) of the documents that are written, from shapes that stand beside what writes them.

A shape is
- a dict: an object with these keys and no others. "key?" may be absent, "lr_N" is lr, or lr_0, lr_1, ... of parameter
  groups, "*" is every other key, and "**" puts in the fields of a class;
- a list of one shape: an array of them;
- a tuple: any of these shapes, or of these texts;
- a NamedTuple, a dataclass or a declaration: an object with its fields, described by the text below each;
- a type: int, str, bool, None, Any, a Literal, or a union, a list or a tuple of types. A float is a number, or null
  where it is not finite, which JSON has not.
"""

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from lrcli.schedules.kind import COUNT_OR_SHARE
from lrcli.schedules.param import Declared, Param

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SIMPLE: dict[Any, Schema] = {
    Any: {},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    str: {"type": "string"},
    None: {"type": "null"},
    NoneType: {"type": "null"},
}
OF_GROUPS = "_N"
"""Ends the key of a value that each parameter group has."""


def schema(shape: Any) -> Schema:
    """The schema of a shape. Raises TypeError for what is none."""
    if isinstance(shape, Mapping):
        return _object(dict(_spread(shape)))
    if isinstance(shape, list):
        return {"type": "array", "items": schema(shape[0])}
    if isinstance(shape, tuple):
        return {"enum": list(shape)} if all(isinstance(one, str) for one in shape) else _any_of(map(schema, shape))
    if shape in SIMPLE:
        return dict(SIMPLE[shape])
    if shape is float:
        return {"type": ["number", "null"]}
    if get_origin(shape) in (Union, UnionType):
        return _any_of(map(schema, get_args(shape)))
    if get_origin(shape) is Literal:
        return {"enum": list(get_args(shape))}
    if get_origin(shape) in (list, tuple):
        return {"type": "array", "items": schema(get_args(shape)[0])}
    if isinstance(shape, type):
        return _object(dict(_fields(shape)))
    raise TypeError(f"{shape!r} is no shape: see lrcli/schema.py")


def _spread(shape: Mapping[str, Any]) -> Iterator[tuple[str, Schema]]:
    for key, value in shape.items():
        if key == "**":
            yield from _fields(value)
        else:
            yield key, schema(value)


def _object(properties: Mapping[str, Schema]) -> Schema:
    """An object with the properties whose keys are as in a shape."""
    plain: Schema = {}
    patterns: Schema = {}
    required = []
    others: Schema | bool = False
    for key, value in properties.items():
        name = key.removesuffix("?")
        if name == "*":
            others = value
        elif name.endswith(OF_GROUPS):
            patterns[f"^{name.removesuffix(OF_GROUPS)}(_[0-9]+)?$"] = value
        else:
            plain[name] = value
            required += [name] if key == name else []
    found: Schema = {"type": "object", "properties": plain, "required": required, "additionalProperties": others}
    return found | ({"patternProperties": patterns} if patterns else {})


def _fields(cls: type) -> Iterator[tuple[str, Schema]]:
    """The properties of a class, with their descriptions."""
    if issubclass(cls, Declared):
        for name, declared in cls.params().items():
            yield name, {**_declared(declared), "description": declared.help}
        return
    if not (dataclasses.is_dataclass(cls) or hasattr(cls, "_fields")):
        raise TypeError(f"{cls.__name__} is no shape: see lrcli/schema.py")
    said = described(cls)
    for name, annotation in get_type_hints(cls).items():
        yield name, schema(annotation) | ({"description": said[name]} if name in said else {})


def _declared(declared: Param) -> Schema:
    """The schema of a parameter's value as `parameters` writes it: finite, and within its bounds."""
    if declared.choices:
        return _any_of([{"enum": list(declared.choices)}, *([SIMPLE[None]] if declared.default is None else [])])
    bounds = {
        "minimum": declared.at_least,
        "exclusiveMinimum": declared.above,
        "maximum": declared.at_most,
        "exclusiveMaximum": declared.below,
    }
    bounds = {name: bound for name, bound in bounds.items() if bound is not None}
    is_union = get_origin(declared.annotation) in (Union, UnionType)
    types = get_args(declared.annotation) if is_union else (declared.annotation,)
    # "10%", where the run has no length yet.
    types = (*types, str) if declared.kind is COUNT_OR_SHARE else types
    return _any_of(_value(type, bounds) for type in types)


def _value(type: Any, bounds: Schema) -> Schema:
    if get_origin(type) is tuple:
        return {"type": "array", "items": _value(get_args(type)[0], bounds)}
    if type in (int, float):
        return {"type": "integer" if type is int else "number", **bounds}
    return dict(SIMPLE.get(type, SIMPLE[str]))


def _any_of(several: Iterable[Schema]) -> Schema:
    found = list(several)
    if all(one.keys() == {"type"} for one in found):
        types = dict.fromkeys(name for one in found for name in _several(one["type"]))
        return {"type": list(types) if len(types) > 1 else next(iter(types))}
    return found[0] if len(found) == 1 else {"anyOf": found}


def _several(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def described(cls: type) -> dict[str, str]:
    """What the source of a class says below each of its fields."""
    try:
        (found,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    except (OSError, SyntaxError):
        return {}
    assert isinstance(found, ast.ClassDef)
    said = {}
    for field, below in zip(found.body, found.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            text = below.value
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                said[field.target.id] = " ".join(text.value.split())
    return said
