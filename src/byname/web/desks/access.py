"""Which programs may call byname, for what, and who works here? Tokens are made and revoked; a secret shows once."""

from __future__ import annotations

from byname.store import Db
from byname.terms import BynameError
from byname.trust import access, audit, staff, tokens
from byname.web.asking import Answer, Ask, Goto, NotThere, Shown

TITLE = "Access"
PATH = "/access"
PERMISSION = "staff"
ICON = "access"
MENU = True

FIELD = "scope_"  # a checkbox per permission: scope_recognise, scope_brief, ...


def page(ask: Ask) -> Answer:
    return Shown("access.html", listing(ask))


def listing(ask: Ask, *, name: str = "", secret: str = "") -> dict[str, object]:
    """All tokens, those in force first; with a secret when one was made just now."""
    return {
        "tokens": sorted(tokens.tokens(ask.db), key=lambda t: t.revoked_at > 0), "field": FIELD, "made": name,
        "secret": secret, "permissions": access.PERMISSIONS, "accounts": staff.accounts(ask.db), "roles": access.ROLES,
    }  # fmt: skip


def make(ask: Ask) -> Answer:
    """A new token; its secret stands in the answer and nowhere else. Nobody gives a program more than she may."""
    name = " ".join(ask.form.get("name", "").split())[:80]
    if not name:
        raise BynameError("A token needs a name", cure="For example Tills London")
    scopes = sorted(field.removeprefix(FIELD) for field in ask.form if field.startswith(FIELD))
    if beyond := [s for s in scopes if s in access.PERMISSIONS and not ask.staff.may(s)]:
        raise BynameError("You cannot hand out what you may not do yourself", ", ".join(beyond), "Ask the owner")
    keys, now, new_id = ask.home.keys, ask.now, ask.product.new_id

    def do(db: Db) -> str:
        made, secret = tokens.make(db, keys, name=name, scopes=scopes, now=now, new_id=new_id)
        audit.log(db, [look(ask, f"token {made} made")])
        return secret

    return Shown("access.html", listing(ask, secret=ask.home.store.write(do), name=name))


def revoke(ask: Ask) -> Answer:
    """Out of force with the next call it makes."""
    token, now = ask.path["token"], ask.now
    if token not in {t.id for t in tokens.tokens(ask.db)}:
        raise NotThere

    def do(db: Db) -> bool:
        done = tokens.revoke(db, token, now=now)
        audit.log(db, [look(ask, f"token {token} revoked" if done else "nothing")])
        return done

    return Goto(PATH, "token_revoked" if ask.home.store.write(do) else "nothing")


def look(ask: Ask, outcome: str) -> audit.Look:
    return audit.Look(ask.now, ask.staff.actor, "staff", terminal=ask.terminal, outcome=outcome)


ACTIONS = (
    ("POST", "/new", PERMISSION, make),
    ("POST", "/{token:str}/revoke", PERMISSION, revoke),
)
