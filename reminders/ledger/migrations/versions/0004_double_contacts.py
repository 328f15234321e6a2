"""Double contacts: found also where a report of failure, not silence, led to the next channel."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ESCALATED = """
CREATE INDEX attempt_escalated ON attempt (submitted_at) WHERE cause IN ('unconfirmed', 'failed');
DROP INDEX attempt_unconfirmed;
"""


def upgrade() -> None:
    op.execute(ESCALATED)
