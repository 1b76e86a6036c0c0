"""Text fields of files that come from outside, for pydantic: in the normal form, without space around them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints

from chatbot.language.normal import normal


def _normal(value: Any) -> Any:
    return normal(value) if isinstance(value, str) else value


Maybe = Annotated[str, StringConstraints(strip_whitespace=True), BeforeValidator(_normal)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), BeforeValidator(_normal)]
