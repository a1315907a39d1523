"""Write migration 0001 from the rooms' tables.py (until the first release; after that, add a new revision)."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from byname.store.schema import metadata

SOURCE = Path(__file__).parents[1] / "src" / "byname"
TARGET = SOURCE / "store" / "migrations" / "versions" / "0001_ground_floor.py"
LATER = {"suggestion", "match_model"}  # tables that came with a later revision

for tables in sorted(SOURCE.rglob("tables.py")):
    importlib.import_module(".".join(["byname", *tables.relative_to(SOURCE).with_suffix("").parts]))
for name in LATER & set(metadata.tables):
    metadata.remove(metadata.tables[name])
with create_engine("sqlite://").connect() as connection:
    script = produce_migrations(MigrationContext.configure(connection), metadata)
    body = render_python_code(script.upgrade_ops)
TARGET.write_text(
    '"""The ground floor: sources, identity, profile, trust, the lake\'s ledger."""\n\n'
    "from __future__ import annotations\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n"
    'revision = "0001"\ndown_revision = None\n\n\ndef upgrade() -> None:\n    ' + body + "\n"
)
subprocess.run(["ruff", "format", "-q", str(TARGET)], check=True)
