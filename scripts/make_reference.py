"""Writes docs/reference/ from the code: OpenAPI, docstrings, the list of settings, the help of commands.

Run it after a change of any of them; tests/test_reference.py fails until then.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import httpx

from byname import api, customers
from byname.cli import COMMANDS, cli
from byname.encounter import Byname
from byname.home import open_home
from byname.identity.recognise import Recognition
from byname.lake.shape import SCHEMAS
from byname.settings import SETTINGS
from byname.web.app import create_app

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
METHODS = ("get", "post", "put", "patch", "delete")
WRITTEN = "_Written by `scripts/make_reference.py`; a test holds it to the code._"


def row(*cells: str) -> str:
    """A row of a table; what would end a cell is escaped."""
    return "| " + " | ".join(" ".join(c.split()).replace("|", "\\|") for c in cells) + " |"


def table(*rows: tuple[str, ...]) -> list[str]:
    """A table with its heading first; nothing where there is only the heading."""
    head, *rest = rows
    return [row(*head), "|" + " --- |" * len(head), *(row(*r) for r in rest), ""] if rest else []


def code(text: str, kind: str = "") -> list[str]:
    return [f"```{kind}", text.strip("\n"), "```", ""]


# ------------------------------------------------------------------------------------------------ HTTP


def described() -> dict[str, Any]:
    """The OpenAPI description as an empty byname serves it."""

    async def ask(app: Any) -> dict[str, Any]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://byname.test") as client:
            spec: dict[str, Any] = (await client.get("/openapi.json")).json()
            return spec

    quiet = contextlib.redirect_stdout(io.StringIO())  # the server's log
    with tempfile.TemporaryDirectory() as folder, open_home(Path(folder) / "home") as home, quiet:
        return asyncio.run(ask(create_app(Byname(home))))


def http() -> str:
    """Every path of the API, with parameters, bodies, answers and examples; then the shapes."""
    spec = described()
    lines = ["# HTTP API, path by path", "", WRITTEN, "", spec["info"]["description"], ""]
    lines += ["The same for programs: `/openapi.json` of a running byname. How to begin: [HTTP API](../api.md).", ""]
    ways = spec["components"]["securitySchemes"]
    lines += table(("with", "how"), *((f"`{n}`", f"{w['scheme']}: {w['description']}") for n, w in ways.items()))
    calls = [(m, p, ways[m]) for p, ways in spec["paths"].items() for m in METHODS if m in ways]
    for tag in dict.fromkeys(o["tags"][0] for _, _, o in calls):
        lines += [f"## {tag.capitalize()}", ""]
        for method, path, operation in calls:
            if operation["tags"][0] == tag:
                lines += call(method, path, operation)
    lines += ["## Shapes", "", "A field without a default must be there.", ""]
    for name, shape in spec["components"]["schemas"].items():
        lines += [f"### {name}", "", *fields(shape)]
    return "\n".join(lines)


def call(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield from (f"### {method.upper()} {path}", "", f"{operation['summary']}.".replace("?.", "?"), "")
    if text := operation.get("description"):
        yield from (text, "")
    keys = [f"`{name}`" for way in operation.get("security") or () for name in way]
    yield from ([f"With {' or '.join(keys)}."] if keys else ["No key in the header."])
    yield ""
    given = ((f"`{p['name']}`", p["in"], *value(p), p.get("description", "")) for p in operation.get("parameters", ()))
    yield from table(("parameter", "in", "type", "default", "what"), *given)
    if body := operation.get("requestBody"):
        ((kind, content),) = body["content"].items()
        yield from (f"Body, `{kind}`: {shape_of(content.get('schema', {}))}", "")
        yield from examples(content)
    answers = operation["responses"].items()
    yield from table(("answer", "means", "body"), *((s, a["description"], body_of(a)) for s, a in sorted(answers)))
    for status, answer in sorted(answers):
        if status < "300":
            for content in answer.get("content", {}).values():
                yield from examples(content)


def value(parameter: dict[str, Any]) -> tuple[str, str]:
    schema = parameter.get("schema", {})
    default = "required" if parameter.get("required") else f"`{json.dumps(schema.get('default'))}`"
    return shape_of(schema), default


def body_of(answer: dict[str, Any]) -> str:
    return ", ".join(shape_of(c.get("schema", {})) for c in answer.get("content", {}).values())


def examples(content: dict[str, Any]) -> Iterator[str]:
    """One example: what the route gives, else what its shape gives."""
    given = content.get("examples") or content.get("schema", {}).get("examples") or {}
    values = [e["value"] for e in given.values()] if isinstance(given, dict) else given
    for found in values[:1]:
        yield from code(json.dumps(found, indent=2, ensure_ascii=False), "json")


def shape_of(schema: dict[str, Any]) -> str:
    """A schema in words, linked where it has a name.

    >>> shape_of({"type": "array", "items": {"$ref": "#/components/schemas/Trait"}})
    'list of [Trait](#trait)'
    """
    if ref := schema.get("$ref"):
        name = ref.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for joined, word in (("allOf", " and "), ("oneOf", " or "), ("anyOf", " or ")):
        if parts := schema.get(joined):
            return word.join(shape_of(p) for p in parts)
    if among := schema.get("enum"):
        return " or ".join(f"`{json.dumps(v)}`" for v in among)
    if schema.get("type") == "array":
        return f"list of {shape_of(schema.get('items', {}))}"
    if schema.get("type") == "object" and schema.get("additionalProperties"):
        return f"object of {shape_of(schema['additionalProperties'])}"
    kind = schema.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def fields(shape: dict[str, Any]) -> list[str]:
    if "properties" not in shape:
        return [shape_of(shape), ""]
    required = shape.get("required", ())
    rows = [
        (f"`{n}`", shape_of(s), "" if n in required else default(s), s.get("description", ""))
        for n, s in shape["properties"].items()
    ]
    return table(("field", "type", "default", "what"), *rows)


def default(schema: dict[str, Any]) -> str:
    return f"`{json.dumps(schema['default'])}`" if "default" in schema else "may be left out"


# ------------------------------------------------------------------------------------------------ the others


def python() -> str:
    """What `import byname` gives, from the docstrings, and the columns that a query finds."""
    lines = ["# Python, call by call", "", WRITTEN, "", "How to begin: [Python](../python.md).", ""]
    lines += ["## byname.open", "", *documented("byname.open", api.open), "## An open home", ""]
    lines += [inspect.getdoc(api.Opened) or "", ""]
    for name, method in vars(api.Opened).items():
        if not name.startswith("_") and inspect.isfunction(method):
            lines += [f"### {name}", "", *documented(name, method)]
    lines += ["## What recognise gives", "", (inspect.getdoc(Recognition) or "").strip(), ""]
    given = inspect.get_annotations(Recognition).items()
    lines += table(("field", "type"), *((f"`{n}`", f"`{t}`") for n, t in given))
    lines += ["## Columns of customers", "", ", ".join(f"`{c}`" for c in customers.ALL_COLUMNS), ""]
    for name, schema in SCHEMAS.items():
        lines += [f"## Columns of {name}", ""]
        lines += table(("column", "type"), *((f"`{f.name}`", str(f.type)) for f in schema), ("`day`", "date32, UTC"))
    return "\n".join(lines)


def documented(name: str, function: Callable[..., Any]) -> list[str]:
    signature = inspect.signature(function)
    kept = [p for p in signature.parameters.values() if p.name != "self"]
    shown = re.sub(r"'([\w.\[\], |]+)'", r"\1", str(signature.replace(parameters=kept)))
    return [*code(f"{name}{shown}", "python"), inspect.getdoc(function) or "", ""]


def settings() -> str:
    """Every setting with its default."""
    lines = ["# Settings, one by one", "", WRITTEN, "", "Where they are set: [Settings](../settings.md).", ""]
    rows = [(f"`{s.name}`", f"`{json.dumps(s.default)}`", f"`BYNAME_{s.name.upper()}`", s.help) for s in SETTINGS]
    return "\n".join([*lines, *table(("setting", "default", "in the environment", "what it sets"), *rows)])


def commands() -> str:
    """Every command as its own --help tells it."""
    lines = ["# Commands, option by option", "", WRITTEN, "", "What they are for: [Commands](../commands.md).", ""]
    context = click.Context(cli, info_name="byname")
    for name, about in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        lines += [f"## byname {name}", "", f"{about}.", "", *one_command(command, name, context)]
        below = click.Context(command, info_name=name, parent=context)
        for inside, sub in getattr(command, "commands", {}).items():
            lines += [f"### byname {name} {inside}", "", *one_command(sub, inside, below)]
    return "\n".join(lines)


def one_command(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent, max_content_width=100)
    told, _, shown = inspect.cleandoc(command.help or "").partition("\b\nExample:")
    yield from (told.replace("\b\n", "").strip(), "")
    yield from code(" ".join([context.command_path, *command.collect_usage_pieces(context)]), "text")
    records = [r for p in command.get_params(context) if (r := p.get_help_record(context)) and "--help" not in p.opts]
    yield from table(("option", "what"), *((f"`{opts}`", text) for opts, text in records))
    if shown:
        yield from code(inspect.cleandoc(shown.strip("\n")), "sh")


PAGES: dict[str, Callable[[], str]] = {
    "http.md": http,
    "python.md": python,
    "settings.md": settings,
    "commands.md": commands,
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, write in PAGES.items():
        (FOLDER / name).write_text(write().rstrip() + "\n", "utf-8")


if __name__ == "__main__":
    main()
