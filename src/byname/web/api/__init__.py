"""Which API routes are there? One file per topic and one line here; the OpenAPI description is made of them."""

from __future__ import annotations

from typing import Any

from litestar.openapi.spec import Components, SecurityScheme

from byname.web.api import consents, customers, people, quarantine, recognise, sources, tracking, webhooks

DESCRIPTION = "Recognise whoever turns up, read what is known, say who is who."
COMPONENTS = Components(
    security_schemes={
        "token": SecurityScheme(type="http", scheme="bearer", description="An API token made on the page Access"),
        "write_key": SecurityScheme(
            type="http", scheme="basic", description="The source's write key as user, without a password"
        ),
    }
)
TOPICS: tuple[Any, ...] = (recognise, customers, people, consents, sources, quarantine, tracking, webhooks)


def routes() -> list[Any]:
    """Every handler of every topic."""
    return [handler for topic in TOPICS for handler in topic.ROUTES]
