"""Which given names are forms of one name? A witness that says 'Bill' must not testify against 'William'."""

from __future__ import annotations

import unicodedata

FORMS = """
alexander: alex sandy al
alexandra: alex sandra lexie
andrew: andy drew
anna: ann anne annie nan
anthony: tony
barbara: babs barb
benjamin: ben benny
catherine: cathy kate katie kathy katherine kathryn kit
charles: charlie chuck chas
charlotte: lottie
christina: chris tina christine
christopher: chris kit topher
daniel: dan danny
david: dave davy
deborah: deb debbie debra
donald: don donnie
dorothy: dot dottie
edward: ed eddie ted ned
eleanor: ellie nell nora
elizabeth: liz lizzie beth betty bess eliza libby
emily: em emmy
francis: frank
frances: fran frannie
frederick: fred freddie
gabriel: gabe
george: georgie
gerald: gerry jerry
gregory: greg
harold: harry hal
henry: harry hank
isabella: bella izzy isabel
jacob: jake
james: jim jimmy jamie
jennifer: jen jenny jennie
jessica: jess jessie
john: jack johnny jon
jonathan: jon johnny
joseph: joe joey
joshua: josh
judith: judy
kenneth: ken kenny
lawrence: larry laurie
leonard: len lenny leo
louise: lou
margaret: maggie meg peggy greta marge
martin: marty
mary: molly polly
matthew: matt
michael: mike mick mickey
nathaniel: nat nate
nicholas: nick nicky
oliver: ollie
pamela: pam
patricia: pat patty tricia trish
patrick: pat paddy
peter: pete
philip: phil phillip
rachel: rach
raymond: ray
rebecca: becky becca
richard: rick dick richie rich
robert: bob bobby rob robbie bert
ronald: ron ronnie
samantha: sam
samuel: sam sammy
sarah: sally sara
stephen: steve steven stevie
susan: sue susie suzanne
theodore: ted teddy theo
theresa: terry tess teresa
thomas: tom tommy
timothy: tim
victoria: vicky tori
vincent: vince vinny
walter: walt wally
william: will bill billy willy liam
zachary: zach zack
"""

TITLE_WORDS = "mr mrs ms miss mx dr prof sir madam mme mlle m herr frau sig sr sra"
TITLES = frozenset(TITLE_WORDS.split())


def _table() -> dict[str, str]:
    """Short form -> the first long form that has it; a form of two names folds to the first, always the same."""
    table: dict[str, str] = {}
    for line in FORMS.split("\n"):
        name, _, forms = line.partition(":")
        for form in forms.split():
            table.setdefault(form, name)
    return table


NICKNAMES = _table()


def fold_given(text: str) -> str:
    """The form under which a given name counts; '' for an initial or nothing.

    >>> fold_given("Mrs. Bill J."), fold_given("Anne-Marie"), fold_given("Zoë"), fold_given("B.")
    ('william', 'anna', 'zoe', '')
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    words = "".join(c if c.isalpha() or c in "'’" else " " for c in plain).replace("’", "").replace("'", "").split()
    names = [w for w in words if w not in TITLES]
    if not names or len(names[0]) < 2:
        return ""
    return NICKNAMES.get(names[0], names[0])
