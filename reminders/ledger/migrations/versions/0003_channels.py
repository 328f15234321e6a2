"""Channels: providers' own ids, what customers write, health of addresses, incidents, tasks."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A receipt that quotes only the provider's own id names no customer: the two tables that find
# whose it is are keyed by that id, like event identities.
RECEIPTS = """
-- Message centres use an id again: one may be that of several messages, sent at different times.
CREATE TABLE provider_ref (
    provider text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,
    attempt_id uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (provider, ref, attempt_id)
) WITH (fillfactor = 90);
CREATE INDEX provider_ref_at ON provider_ref (at);

-- Receipts that came before their attempt was recorded.
CREATE TABLE parked_receipt (
    provider text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,
    receipt_no uuid NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    dead_contact boolean NOT NULL,
    at timestamptz NOT NULL,
    -- What tells messages of one id apart: a keyed hash of the number, when it was submitted.
    number_key bytea,
    submitted_at timestamptz,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (provider, ref, receipt_no)
);
CREATE INDEX parked_receipt_received ON parked_receipt (received_at);

-- What customers write to us; the words themselves lie in message_secret under inbound_no.
CREATE TABLE inbound_message (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    inbound_no uuid NOT NULL,
    provider text NOT NULL,
    channel text NOT NULL,
    meaning text NOT NULL,
    attempt_id uuid,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'done',
    handled_by text NOT NULL DEFAULT '',
    handled_at timestamptz,
    -- The address it came from, and its confirmation: due when (business time), tried how often,
    -- by whom last, refused for good by whom, and under whose lease (machine time) a call is.
    secret_id uuid,
    answer_at timestamptz,
    calls integer NOT NULL DEFAULT 0,
    answered_by text NOT NULL DEFAULT '',
    refused_by text NOT NULL DEFAULT '',
    lease_until timestamptz,
    PRIMARY KEY (customer_id, month, inbound_no)
);
CREATE INDEX inbound_message_open ON inbound_message (received_at) WHERE state = 'open';
CREATE INDEX inbound_message_confirm ON inbound_message (channel, answer_at)
    WHERE state = 'confirm';
CREATE INDEX inbound_message_sending ON inbound_message (lease_until) WHERE state = 'sending';
"""

CONTACTS = """
-- When it was last reached, last said to be dead, last failed, failed before that, and since when
-- it does nothing but fail: its health follows from them.
ALTER TABLE contact_point ADD COLUMN reached_at timestamptz, ADD COLUMN bounced_at timestamptz,
    ADD COLUMN failed_at timestamptz, ADD COLUMN failed_before timestamptz,
    ADD COLUMN failing_since timestamptz, ADD COLUMN why text NOT NULL DEFAULT '';
UPDATE contact_point SET bounced_at = coalesce(died_at, now()) WHERE health = 'dead';
CREATE INDEX contact_point_suspect ON contact_point (failed_at) WHERE health = 'suspect';
-- What the customer is called, where billing says so: the text is in contact_secret alone.
ALTER TABLE customer ADD COLUMN name_secret uuid;
-- An address without its customer: who wrote from it, and who else it belongs to.
CREATE INDEX contact_point_address ON contact_point (address_hash) WHERE address_hash IS NOT NULL;

-- One of several devices under one address, by its keyed hash: not sent to any more.
CREATE TABLE dead_device (
    customer_id bigint NOT NULL REFERENCES customer,
    channel text NOT NULL,
    device_hash bytea NOT NULL,
    died_at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, channel, device_hash)
);

-- When a customer reads, clicks, pays: from it the hour at which they are best written to.
CREATE TABLE engagement (
    customer_id bigint NOT NULL REFERENCES customer,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    channel text NOT NULL DEFAULT '',
    PRIMARY KEY (customer_id, kind, at)
);
CREATE INDEX engagement_at ON engagement USING brin (at);
"""

# What became of providers and channels: append-only, with who, when and why.
INCIDENTS = """
CREATE TABLE incident_act (
    act_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_no bigint NOT NULL,
    act text NOT NULL,
    channel text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    business_at timestamptz NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX incident_act_incident ON incident_act (incident_no);
CREATE SEQUENCE incident_number;

CREATE TABLE incident_effect (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    reminder_id uuid NOT NULL,
    incident_no bigint NOT NULL,
    effect text NOT NULL,
    channel text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, month, reminder_id, incident_no, effect)
);
-- What waits for a channel, to be woken when it is back.
CREATE INDEX reminder_channel_down ON reminder (next_at)
    WHERE state IN ('planned', 'contacting') AND reason = 'channel_down';
-- Whom an incident touched may be millions: they are counted by the index alone.
CREATE INDEX incident_effect_incident ON incident_effect (incident_no, effect, customer_id);

CREATE TABLE provider_shift (
    shift_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text NOT NULL,
    number_range text NOT NULL DEFAULT '',
    channel text NOT NULL,
    before text NOT NULL,
    after text NOT NULL,
    share double precision NOT NULL,
    reason text NOT NULL,
    figures bytea NOT NULL DEFAULT '',
    business_at timestamptz NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
"""

PEOPLE = """
CREATE TABLE human_task (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    task_id uuid NOT NULL,
    kind text NOT NULL,
    bill_id text NOT NULL DEFAULT '',
    reminder_id uuid,
    state text NOT NULL DEFAULT 'open',
    owner text NOT NULL DEFAULT '',
    due_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (customer_id, month, task_id)
);
CREATE INDEX human_task_open ON human_task (due_at) WHERE state IN ('open', 'taken');

CREATE TABLE human_task_act (
    customer_id bigint NOT NULL,
    month integer NOT NULL,
    task_id uuid NOT NULL,
    act_no bigint GENERATED ALWAYS AS IDENTITY,
    act text NOT NULL,
    actor text NOT NULL,
    note text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (customer_id, month, task_id, act_no)
);

CREATE TABLE template_act (
    act_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    template text NOT NULL,
    content text NOT NULL,
    act text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX template_act_template ON template_act (template, content);
"""

# The few of millions that people look at: what nobody answered for, what was tried on silence.
QUESTIONS = """
CREATE INDEX attempt_event_uncertain ON attempt_event (at) WHERE state = 'uncertain';
CREATE INDEX attempt_unconfirmed ON attempt (submitted_at) WHERE cause = 'unconfirmed';
"""

APPEND_ONLY = "".join(
    f"CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();\n"
    for table in ("incident_act", "provider_shift", "human_task_act", "template_act")
)


def upgrade() -> None:
    for part in (RECEIPTS, CONTACTS, INCIDENTS, PEOPLE, QUESTIONS, APPEND_ONLY):
        op.execute(part)
