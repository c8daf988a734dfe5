"""
Values: classes like frozen dataclasses with slots, whose members are given by name.

`dataclasses` compiles the methods of each class from text, and from Python 3.12 on loads `inspect`
for it. A sign-in would wait for that before it shows its address. To `fields`, `asdict`, `replace`,
`inspect.signature` and type checkers a value is a dataclass all the same.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Signature
    from typing import Any, NoReturn, TypeVar, dataclass_transform

    V = TypeVar("V", bound="Value")
else:

    def dataclass_transform(**_: object) -> Callable[[type], type]:
        """Return a decorator that does nothing: type checkers know it."""
        return lambda kind: kind


_MISSING = object()


class _Member:
    """What a class says of one of its members, in the options of `dataclasses.field`."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.is_shown = options.get("repr", True)

    def default(self) -> Any:
        """Return the value of a member that is not given; `_MISSING` where there is none."""
        if "default_factory" in self.options:
            return self.options["default_factory"]()
        return self.options.get("default", _MISSING)


def field(**options: Any) -> Any:
    """Return what a class says of a member: its `default`, `default_factory` or `repr`."""
    return _Member(options)


class _ValueType(type):
    """Makes the classes: an annotation is a member, and gets a slot."""

    _members: dict[str, _Member]

    def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _ValueType:
        members = {}
        for member in body.get("__annotations__", ()):
            # Out of the body, where it would be in the way of the slot.
            said = body.pop(member, _MISSING)
            if not isinstance(said, _Member):
                said = _Member({} if said is _MISSING else {"default": said})
            members[member] = said
        body = {**body, "__slots__": tuple(members), "_members": members}
        return super().__new__(mcs, name, bases, body)

    @property
    def members(cls) -> dict[str, _Member]:
        """The members, by their names."""
        return cls._members

    @property
    def names(cls) -> tuple[str, ...]:
        """The names of the members."""
        return tuple(cls._members)

    def as_dataclass(cls) -> type:
        """Return a dataclass with the same members, which takes a millisecond to make."""
        import dataclasses

        types = vars(cls).get("__annotations__", {})
        members = [
            (name, types[name], dataclasses.field(**member.options))
            for name, member in cls._members.items()
        ]
        return dataclasses.make_dataclass(cls.__name__, members, frozen=True, kw_only=True)


class _Fields:
    """`__dataclass_fields__`, by which `dataclasses` knows its own."""

    def __get__(self, _: object, kind: _ValueType) -> dict[str, Any]:
        fields: dict[str, Any] = vars(kind.as_dataclass())["__dataclass_fields__"]
        return fields


class _Signature:
    def __get__(self, _: object, kind: _ValueType) -> Signature:
        from inspect import signature

        return signature(kind.as_dataclass())


def replace(old: V, /, **changes: Any) -> V:
    """Return *old* with some members changed, as `dataclasses.replace`."""
    kind = type(old)
    return kind(**{name: getattr(old, name) for name in kind.names} | changes)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Value(metaclass=_ValueType):
    """The base of all values. A class below it lists its members, as a dataclass does."""

    __dataclass_fields__ = _Fields()
    __signature__ = _Signature()

    def __init__(self, **given: Any) -> None:
        for name, member in type(self).members.items():
            value = given.pop(name) if name in given else member.default()
            if value is _MISSING:
                raise _mistake(self, "is missing the", name)
            object.__setattr__(self, name, value)
        for name in given:
            raise _mistake(self, "got an unexpected", name)
        self.__post_init__()

    def __post_init__(self) -> None:
        """Check the members, or raise; a class that checks none has no need of it."""

    def __setattr__(self, name: str, _: object) -> NoReturn:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __repr__(self) -> str:
        shown = (name for name, member in type(self).members.items() if member.is_shown)
        members = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({members})"

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__getstate__() == other.__getstate__()

    def __hash__(self) -> int:
        return hash(self.__getstate__())

    def __getstate__(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in type(self).names)

    def __setstate__(self, state: tuple[object, ...]) -> None:
        for name, value in zip(type(self).names, state, strict=True):
            object.__setattr__(self, name, value)

    def __replace__(self, **changes: Any) -> Value:
        return replace(self, **changes)


def _mistake(value: Value, what: str, name: str) -> TypeError:
    return TypeError(f"{type(value).__qualname__}() {what} keyword argument {name!r}")
