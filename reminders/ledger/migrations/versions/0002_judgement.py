"""Judgement: activations, preference history, risk inputs, promises, shared caps, snapshots."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# New facts about a customer.
FACTS = """
ALTER TABLE customer ADD COLUMN other_zones text[] NOT NULL DEFAULT '{}',
    ADD COLUMN offsets integer[] NOT NULL DEFAULT '{}',
    ADD COLUMN offsets_at timestamptz, ADD COLUMN offsets_event text COLLATE "C";
ALTER TABLE contact_point ADD COLUMN confirmed_at timestamptz, ADD COLUMN died_at timestamptz;
ALTER TABLE preference ADD COLUMN source text NOT NULL DEFAULT '',
    ADD COLUMN version integer NOT NULL DEFAULT 1;

CREATE TABLE risk_input (
    customer_id bigint NOT NULL REFERENCES customer,
    name text NOT NULL,
    observed_at timestamptz NOT NULL,
    value double precision NOT NULL,
    source text NOT NULL,
    effective_at timestamptz NOT NULL,
    event_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (customer_id, name, observed_at)
);

CREATE TABLE promise (
    customer_id bigint NOT NULL REFERENCES customer,
    promise_id text NOT NULL,
    bill_id text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    promised_on date NOT NULL,
    made_at timestamptz NOT NULL,
    effective_at timestamptz NOT NULL,
    event_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (customer_id, promise_id)
);

-- Contacts that were made by others than us: an agent's call, a conversation.
CREATE TABLE outside_contact (
    customer_id bigint NOT NULL REFERENCES customer,
    contact_id text NOT NULL,
    channel text NOT NULL,
    class text NOT NULL,
    bill_id text NOT NULL DEFAULT '',
    connected boolean,
    conversation boolean NOT NULL,
    excluded text[] NOT NULL DEFAULT '{}',
    at timestamptz NOT NULL,
    effective_at timestamptz NOT NULL,
    event_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (customer_id, contact_id)
);

-- Which address a channel had when, and when the customer was seen to use the channel: together
-- they tell in any order of arrival when the present address was last confirmed.
CREATE TABLE contact_statement (
    customer_id bigint NOT NULL REFERENCES customer,
    channel text NOT NULL,
    effective_at timestamptz NOT NULL,
    event_key text COLLATE "C" NOT NULL,
    address_hash bytea,
    PRIMARY KEY (customer_id, channel, effective_at, event_key)
);

CREATE TABLE contact_confirmation (
    customer_id bigint NOT NULL REFERENCES customer,
    channel text NOT NULL,
    confirmed_at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, channel, confirmed_at)
);
"""

# What was done by people: append-only, with who, when and why.
ACTS = """
CREATE TABLE policy_activation (
    activation_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    version integer NOT NULL,
    starts_at timestamptz NOT NULL,
    act text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    gate bytea NOT NULL DEFAULT '',
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    FOREIGN KEY (name, version) REFERENCES policy_version
);

CREATE TABLE preference_change (
    customer_id bigint NOT NULL,
    change_no uuid NOT NULL,
    channel text NOT NULL,
    kind text NOT NULL,
    allowed boolean NOT NULL,
    actor text NOT NULL,
    source text NOT NULL,
    effective_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    event_key text COLLATE "C" NOT NULL,
    held_for text NOT NULL DEFAULT '',
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (customer_id, change_no)
);

CREATE INDEX preference_change_held ON preference_change (customer_id, change_no)
    WHERE held_for <> '';
-- What one hand switched off within the last minutes, whoever the customers are.
CREATE INDEX preference_change_received ON preference_change (received_at) WHERE NOT allowed;

-- What a person decided about a change that was held; a change is waiting while it has none.
CREATE TABLE preference_verdict (
    customer_id bigint NOT NULL,
    change_no uuid NOT NULL,
    approved boolean NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (customer_id, change_no)
);

-- The disclosure of consequences that answered a change, and that the customer saw it.
CREATE TABLE disclosure (
    customer_id bigint NOT NULL,
    change_no uuid NOT NULL,
    version text NOT NULL,
    language text NOT NULL,
    acknowledged_at timestamptz NOT NULL,
    source text NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (customer_id, change_no)
);
"""

# Caps: who was contacted where, and counters that several customers share, locked by key.
CAPS = """
ALTER TABLE attempt ADD COLUMN class text NOT NULL DEFAULT '',
    ADD COLUMN bill_id text NOT NULL DEFAULT '',
    ADD COLUMN contact_key bytea, ADD COLUMN leader_id uuid;
CREATE INDEX attempt_led ON attempt (customer_id, leader_id) WHERE leader_id IS NOT NULL;
CREATE TABLE shared_counter (key bytea PRIMARY KEY);
CREATE TABLE shared_use (
    key bytea NOT NULL REFERENCES shared_counter,
    at timestamptz NOT NULL,
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    attempt_id uuid NOT NULL,
    PRIMARY KEY (key, at, attempt_id)
);
"""

DECISIONS = """
ALTER TABLE decision ADD COLUMN snapshot bytea NOT NULL DEFAULT '';
ALTER TABLE reminder ADD COLUMN flag text NOT NULL DEFAULT '';
CREATE INDEX reminder_flagged ON reminder (due_at) WHERE flag <> '' AND state = 'planned';
"""

APPEND_ONLY = "".join(
    f"CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();\n"
    for table in ("policy_activation", "preference_change", "preference_verdict", "disclosure")
)


def upgrade() -> None:
    for part in (FACTS, ACTS, CAPS, DECISIONS, APPEND_ONLY):
        op.execute(part)
