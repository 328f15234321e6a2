"""The first ledger: facts, plans, attempts, receipts, secrets apart."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Current facts about a customer, keyed and joined by customer_id.
FACTS = """
CREATE TABLE customer (
    customer_id bigint PRIMARY KEY,
    ref text NOT NULL,
    bucket smallint NOT NULL,
    language text NOT NULL DEFAULT '',
    time_zone text NOT NULL DEFAULT '',
    jurisdiction text NOT NULL DEFAULT '',
    profile_at timestamptz,
    profile_event text COLLATE "C",
    tier text NOT NULL DEFAULT '',
    changed_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX customer_changed ON customer (changed_at) WHERE changed_at IS NOT NULL;

CREATE TABLE contact_point (
    customer_id bigint NOT NULL REFERENCES customer,
    channel text NOT NULL,
    mask text NOT NULL,
    address_hash bytea,
    secret_id uuid,
    health text NOT NULL DEFAULT 'unknown',
    effective_at timestamptz NOT NULL,
    event_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (customer_id, channel)
);

CREATE TABLE contact_secret (
    customer_id bigint NOT NULL REFERENCES customer,
    secret_id uuid NOT NULL,
    key_id text NOT NULL,
    ciphertext bytea NOT NULL,
    PRIMARY KEY (customer_id, secret_id)
);

CREATE TABLE preference (
    customer_id bigint NOT NULL REFERENCES customer,
    channel text NOT NULL,
    kind text NOT NULL,
    origin text NOT NULL,
    allowed boolean NOT NULL,
    actor text NOT NULL,
    effective_at timestamptz NOT NULL,
    event_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (customer_id, channel, kind, origin)
);

CREATE TABLE hold (
    customer_id bigint NOT NULL REFERENCES customer,
    hold_id text NOT NULL,
    kind text,
    bill_id text,
    from_at timestamptz,
    until_at timestamptz,
    lifted_at timestamptz,
    effective_at timestamptz,
    event_key text COLLATE "C",
    PRIMARY KEY (customer_id, hold_id)
);

CREATE TABLE bill_version (
    customer_id bigint NOT NULL REFERENCES customer,
    bill_id text NOT NULL,
    version integer NOT NULL,
    event_key text COLLATE "C" NOT NULL,
    effective_at timestamptz NOT NULL,
    cancelled boolean NOT NULL,
    currency text,
    amount_due bigint,
    minimum_due bigint,
    due_on date,
    product text,
    revolving boolean,
    supersedes text,
    issued_at timestamptz,
    trace_id text NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (customer_id, bill_id, version, event_key)
);
CREATE INDEX bill_version_bill ON bill_version (bill_id);

CREATE TABLE payment (
    customer_id bigint NOT NULL REFERENCES customer,
    payment_id text NOT NULL,
    bill_id text,
    amount bigint,
    currency text,
    paid_at timestamptz,
    received_key text COLLATE "C",
    reversed_at timestamptz,
    failed_at timestamptz,
    PRIMARY KEY (customer_id, payment_id)
);

CREATE TABLE policy_version (
    name text NOT NULL,
    version integer NOT NULL,
    body text NOT NULL,
    digest bytea NOT NULL,
    PRIMARY KEY (name, version)
);

CREATE TABLE event_identity (
    source text NOT NULL,
    id text NOT NULL,
    content_hash bytea NOT NULL,
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    PRIMARY KEY (source, id)
) PARTITION BY HASH (source, id);
"""

# Hot and historical tables, partitioned by month; append-only ones carry xid for sealing.
MONTHLY = """
CREATE TABLE billing_event (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    event_no uuid NOT NULL,
    source text NOT NULL,
    id text NOT NULL,
    type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    trace_id text NOT NULL,
    content_hash bytea NOT NULL,
    body bytea NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (customer_id, month, event_no)
) PARTITION BY RANGE (month);

CREATE TABLE reminder (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    reminder_id uuid NOT NULL,
    bucket smallint NOT NULL,
    bill_id text NOT NULL,
    stage text NOT NULL,
    epoch integer NOT NULL,
    kind text NOT NULL,
    urgency text NOT NULL,
    policy text NOT NULL,
    trace_id text NOT NULL,
    due_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL,
    reason text NOT NULL DEFAULT '',
    lane text NOT NULL,
    next_at timestamptz NOT NULL,
    lease_until timestamptz,
    token bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (customer_id, month, reminder_id)
) PARTITION BY RANGE (month);
CREATE INDEX reminder_due ON reminder (lane, next_at) WHERE state IN ('planned', 'contacting');
CREATE SEQUENCE fencing;

CREATE TABLE decision (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    reminder_id uuid NOT NULL,
    decision_no bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL,
    tier text NOT NULL,
    checks bytea NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (customer_id, month, reminder_id, decision_no)
) PARTITION BY RANGE (month);

CREATE TABLE attempt (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    attempt_id uuid NOT NULL,
    reminder_id uuid NOT NULL,
    number smallint NOT NULL,
    channel text NOT NULL,
    provider text NOT NULL,
    secret_id uuid,
    state text NOT NULL,
    confirm text NOT NULL,
    cause text NOT NULL,
    amount bigint NOT NULL,
    submitted_at timestamptz NOT NULL,
    confirm_by timestamptz NOT NULL,
    retry_at timestamptz,
    provider_ref text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    was_uncertain boolean NOT NULL DEFAULT false,
    PRIMARY KEY (customer_id, month, attempt_id)
) PARTITION BY RANGE (month);

CREATE TABLE attempt_event (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    attempt_id uuid NOT NULL,
    event_no bigint GENERATED ALWAYS AS IDENTITY,
    state text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (customer_id, month, attempt_id, event_no)
) PARTITION BY RANGE (month);

CREATE TABLE receipt (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    attempt_id uuid NOT NULL,
    receipt_no uuid NOT NULL,
    provider text NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    late boolean NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (customer_id, month, attempt_id, receipt_no)
) PARTITION BY RANGE (month);

CREATE TABLE message_secret (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    owner_id uuid NOT NULL,
    key_id text NOT NULL,
    ciphertext bytea NOT NULL,
    PRIMARY KEY (customer_id, month, owner_id)
) PARTITION BY RANGE (month);

CREATE TABLE dead_letter (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    dead_id uuid NOT NULL,
    origin text NOT NULL,
    fault text NOT NULL,
    reason text NOT NULL,
    source text NOT NULL,
    id text NOT NULL,
    received_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'open',
    PRIMARY KEY (customer_id, month, dead_id)
) PARTITION BY RANGE (month);
"""

MONTHLY_TABLES = (
    "billing_event",
    "reminder",
    "decision",
    "attempt",
    "attempt_event",
    "receipt",
    "message_secret",
    "dead_letter",
)
IDENTITY_PARTITIONS = 8


def upgrade() -> None:
    op.execute(FACTS)
    for part in range(IDENTITY_PARTITIONS):
        op.execute(
            f"CREATE TABLE event_identity_{part} PARTITION OF event_identity"
            f" FOR VALUES WITH (MODULUS {IDENTITY_PARTITIONS}, REMAINDER {part})"
        )
    op.execute(MONTHLY)
    for table in MONTHLY_TABLES:
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    op.execute(APPEND_ONLY)


# What was decided, sent and heard is never rewritten: the database itself refuses.
APPEND_ONLY = """
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP;
END $$;
""" + "".join(
    f"CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();\n"
    for table in ("billing_event", "decision", "attempt_event", "receipt", "bill_version")
)
