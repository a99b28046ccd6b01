"""Sums in number fields: ``1920/2``, ``(3+4)*2``, ``value+1``, ``*2``.

A small parser and nothing else: no names but ``value``, no calls, no powers.
"""

import math
import re
from dataclasses import dataclass
from typing import NoReturn

from engine.errors import UsageError

_TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(value)|([-+*/()]))"
)
_RELATIVE = re.compile(r"\s*([-+*/])=")
_DEEPEST = 50


def evaluate(text: str, value: float | None = None) -> float:
    """The number that a person typed.

    ``+ - * /`` and parentheses; ``value`` is what the field held before. A text that starts with
    ``*``, ``/``, ``+=``, ``-=``, ``*=`` or ``/=`` goes on from it.

    Args:
        text: As typed; a decimal comma is taken as a point where it can be nothing else.
        value: What the field held, or None where it was empty.

    Raises:
        UsageError: It is no sum, divides by zero, or is no finite number.
    """
    source = text.strip()
    if re.fullmatch(r"[-+]?\d*,\d+", source):
        source = source.replace(",", ".")
    relative = _RELATIVE.match(source)
    if relative:
        source = f"value{relative[1]}({source[relative.end() :]})"
    elif source[:1] in ("*", "/"):
        source = "value" + source
    result = _Parser(_tokens(source, text), text, value).result()
    if not math.isfinite(result):
        raise UsageError(f"{text.strip()} is no finite number; type another one")
    return result


@dataclass(frozen=True)
class _Token:
    number: float | None
    sign: str


def _tokens(source: str, text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise UsageError(
                f"{text.strip()!r} is no number; type one, or a sum such as 1920/2 or value+1"
            )
        number = None if match[1] is None else float(match[1])
        tokens.append(_Token(number, match[2] or match[3] or ""))
        at = match.end()
    return tokens


class _Parser:
    """Reads sums of products of signed factors, left to right."""

    def __init__(self, tokens: list[_Token], text: str, value: float | None) -> None:
        self._tokens = tokens
        self._text = text.strip()
        self._value = value
        self._at = 0
        self._depth = 0

    def result(self) -> float:
        found = self._sum()
        if self._at < len(self._tokens):
            self._refuse()
        return found

    def _take(self, signs: str) -> str:
        if self._at < len(self._tokens):
            sign = self._tokens[self._at].sign
            if sign and sign in signs:
                self._at += 1
                return sign
        return ""

    def _sum(self) -> float:
        total = self._product()
        while sign := self._take("+-"):
            term = self._product()
            total = total + term if sign == "+" else total - term
        return total

    def _product(self) -> float:
        total = self._factor()
        while sign := self._take("*/"):
            factor = self._factor()
            if sign == "/" and factor == 0:
                raise UsageError(f"{self._text} divides by zero; type another sum")
            total = total * factor if sign == "*" else total / factor
        return total

    def _factor(self) -> float:
        negative = False
        while sign := self._take("+-"):
            negative ^= sign == "-"
        found = self._atom()
        return -found if negative else found

    def _atom(self) -> float:
        if self._take("("):
            self._depth += 1
            if self._depth > _DEEPEST:
                self._refuse()
            found = self._sum()
            if not self._take(")"):
                self._refuse()
            self._depth -= 1
            return found
        if self._at >= len(self._tokens):
            self._refuse()
        token = self._tokens[self._at]
        self._at += 1
        if token.number is not None:
            return token.number
        if token.sign == "value":
            if self._value is None:
                raise UsageError("the field is empty, so value means nothing here; type a number")
            return self._value
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise UsageError(f"the sum {self._text!r} is not complete; type one such as (3+4)*2")
