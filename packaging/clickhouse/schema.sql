-- A store for the records of one sensor or of a fleet: ClickHouse 23.8 or later.
--
-- Everything goes in by one door, native records as they are, a line each:
--
--     INSERT INTO rmmwatch.lines FORMAT JSONAsString
--
-- which is what a webhook sink sends to ClickHouse's HTTP interface (docs/store.md). A record that
-- comes twice, as it may after a failure, is one row: the sorting keys hold what tells records
-- apart, and ReplacingMergeTree keeps one row a key. Read with FINAL, or through the views, where
-- that matters before a merge. Columns are taken out of the line, which stays beside them: a field
-- that no column has is one JSONExtract away.
--
-- Retention is the TTL of each table, from the record's own time.

CREATE DATABASE IF NOT EXISTS rmmwatch;

CREATE TABLE IF NOT EXISTS rmmwatch.lines
(
    line String
)
ENGINE = Null
COMMENT 'The door: native records, a line each';

CREATE TABLE IF NOT EXISTS rmmwatch.alerts
(
    line String CODEC(ZSTD(3)),
    at DateTime64(6, 'UTC') DEFAULT parseDateTime64BestEffortOrZero(JSONExtractString(line, '@timestamp'), 6, 'UTC'),
    event_id String DEFAULT JSONExtractString(line, 'event', 'id') COMMENT 'Shared by all tellings of an alert',
    told String DEFAULT lower(hex(sipHash64(line))) COMMENT 'Tells tellings apart; the same for a line that comes twice',
    sensor LowCardinality(String) DEFAULT JSONExtractString(line, 'observer', 'name'),
    host String DEFAULT JSONExtractString(line, 'rmm', 'host'),
    host_name String DEFAULT JSONExtractString(line, 'rmm', 'identity', 'name'),
    detection LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'detection'),
    rule_id LowCardinality(String) DEFAULT JSONExtractString(line, 'rule', 'id'),
    tool LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'tool'),
    operator String DEFAULT JSONExtractString(line, 'rmm', 'operator'),
    severity UInt8 DEFAULT JSONExtractUInt(line, 'event', 'severity'),
    confidence Float32 DEFAULT JSONExtractFloat(line, 'rmm', 'confidence'),
    authorised Bool DEFAULT JSONExtractBool(line, 'rmm', 'authorised'),
    zone LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'policy', 'zone'),
    policy_rule LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'policy', 'rule'),
    lure_kind LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'lure', 'kind'),
    lure_brand LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'lure', 'brand'),
    lure_domain String DEFAULT JSONExtractString(line, 'rmm', 'lure', 'registrable'),
    source_ip String DEFAULT JSONExtractString(line, 'source', 'ip'),
    source_port UInt16 DEFAULT JSONExtractUInt(line, 'source', 'port'),
    destination_ip String DEFAULT JSONExtractString(line, 'destination', 'ip'),
    destination_port UInt16 DEFAULT JSONExtractUInt(line, 'destination', 'port'),
    domain String DEFAULT JSONExtractString(line, 'destination', 'domain'),
    community_id String DEFAULT JSONExtractString(line, 'network', 'community_id'),
    techniques Array(LowCardinality(String)) DEFAULT JSONExtract(line, 'threat', 'technique', 'id', 'Array(String)'),
    names Array(String) DEFAULT JSONExtract(line, 'related', 'hosts', 'Array(String)'),
    addresses Array(String) DEFAULT JSONExtract(line, 'related', 'ip', 'Array(String)'),
    stages Array(Tuple(stage String, at String, event_id String, name String, why String))
        DEFAULT JSONExtract(line, 'rmm', 'chain', 'stages', 'Array(Tuple(stage String, at String, event_id String, name String, why String))'),
    first_seen DateTime64(6, 'UTC') DEFAULT parseDateTime64BestEffortOrZero(JSONExtractString(line, 'event', 'start'), 6, 'UTC'),
    last_seen DateTime64(6, 'UTC') DEFAULT parseDateTime64BestEffortOrZero(JSONExtractString(line, 'event', 'end'), 6, 'UTC'),
    count UInt64 DEFAULT JSONExtractUInt(line, 'rmm', 'count'),
    occasion LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'occasion'),
    message String DEFAULT JSONExtractString(line, 'message'),
    reason String DEFAULT JSONExtractString(line, 'event', 'reason')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (toDate(at), host, event_id, told)
TTL toDateTime(at) + INTERVAL 400 DAY
COMMENT 'Every telling of every alert';

CREATE TABLE IF NOT EXISTS rmmwatch.observations
(
    line String CODEC(ZSTD(3)),
    at DateTime64(6, 'UTC') DEFAULT parseDateTime64BestEffortOrZero(JSONExtractString(line, '@timestamp'), 6, 'UTC'),
    event_id String DEFAULT JSONExtractString(line, 'event', 'id'),
    sensor LowCardinality(String) DEFAULT JSONExtractString(line, 'observer', 'name'),
    host String DEFAULT JSONExtractString(line, 'rmm', 'host'),
    action LowCardinality(String) DEFAULT JSONExtractString(line, 'event', 'action'),
    source_ip String DEFAULT JSONExtractString(line, 'source', 'ip'),
    source_port UInt16 DEFAULT JSONExtractUInt(line, 'source', 'port'),
    destination_ip String DEFAULT JSONExtractString(line, 'destination', 'ip'),
    destination_port UInt16 DEFAULT JSONExtractUInt(line, 'destination', 'port'),
    domain String DEFAULT JSONExtractString(line, 'destination', 'domain'),
    question String DEFAULT JSONExtractString(line, 'dns', 'question', 'name'),
    question_type LowCardinality(String) DEFAULT JSONExtractString(line, 'dns', 'question', 'type'),
    answers Array(String) DEFAULT JSONExtract(line, 'dns', 'resolved_ip', 'Array(String)'),
    server_name String DEFAULT JSONExtractString(line, 'tls', 'client', 'server_name'),
    ja3 String DEFAULT JSONExtractString(line, 'tls', 'client', 'ja3'),
    ja4 String DEFAULT JSONExtractString(line, 'rmm', 'ja4'),
    transport LowCardinality(String) DEFAULT JSONExtractString(line, 'network', 'transport'),
    protocol LowCardinality(String) DEFAULT JSONExtractString(line, 'network', 'protocol'),
    direction LowCardinality(String) DEFAULT JSONExtractString(line, 'network', 'direction'),
    community_id String DEFAULT JSONExtractString(line, 'network', 'community_id'),
    tool LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'tool'),
    operator String DEFAULT JSONExtractString(line, 'rmm', 'operator'),
    authorised Nullable(Bool) DEFAULT JSONExtract(line, 'rmm', 'authorised', 'Nullable(Bool)'),
    zone LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'policy', 'zone'),
    bytes_out UInt64 DEFAULT JSONExtractUInt(line, 'source', 'bytes'),
    bytes_in UInt64 DEFAULT JSONExtractUInt(line, 'destination', 'bytes')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(at)
ORDER BY (host, at, event_id)
TTL toDateTime(at) + INTERVAL 30 DAY
COMMENT 'Facts from the wire, for a month';

CREATE TABLE IF NOT EXISTS rmmwatch.names
(
    name String,
    host String,
    day Date,
    first_seen SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    seen AggregateFunction(uniq, String) COMMENT 'Different observations: one that comes twice counts once'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (name, host, day)
TTL day + INTERVAL 400 DAY
COMMENT 'Which host asked for which name on which day, for a year: the base of a hunt';

CREATE TABLE IF NOT EXISTS rmmwatch.inventory
(
    line String CODEC(ZSTD(3)),
    at DateTime64(6, 'UTC') DEFAULT parseDateTime64BestEffortOrZero(JSONExtractString(line, '@timestamp'), 6, 'UTC'),
    event_id String DEFAULT JSONExtractString(line, 'event', 'id') COMMENT 'The row; a later record of it takes its place',
    sensor LowCardinality(String) DEFAULT JSONExtractString(line, 'observer', 'name'),
    host String DEFAULT JSONExtractString(line, 'rmm', 'host'),
    mac String DEFAULT JSONExtractString(line, 'rmm', 'identity', 'mac'),
    host_name String DEFAULT JSONExtractString(line, 'rmm', 'identity', 'name'),
    tool LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'tool'),
    tool_name LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'inventory', 'name'),
    operator String DEFAULT JSONExtractString(line, 'rmm', 'operator'),
    authorised Bool DEFAULT JSONExtractBool(line, 'rmm', 'authorised'),
    zone LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'policy', 'zone'),
    policy_rule LowCardinality(String) DEFAULT JSONExtractString(line, 'rmm', 'policy', 'rule'),
    inbound Bool DEFAULT JSONExtractBool(line, 'rmm', 'inventory', 'inbound'),
    signs UInt64 DEFAULT JSONExtractUInt(line, 'rmm', 'inventory', 'signs'),
    sessions UInt64 DEFAULT JSONExtractUInt(line, 'rmm', 'inventory', 'sessions'),
    bytes_sent UInt64 DEFAULT JSONExtractUInt(line, 'rmm', 'inventory', 'bytes_sent'),
    bytes_received UInt64 DEFAULT JSONExtractUInt(line, 'rmm', 'inventory', 'bytes_received'),
    first_seen DateTime64(6, 'UTC') DEFAULT parseDateTime64BestEffortOrZero(JSONExtractString(line, 'event', 'start'), 6, 'UTC'),
    last_seen DateTime64(6, 'UTC') DEFAULT parseDateTime64BestEffortOrZero(JSONExtractString(line, 'event', 'end'), 6, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (tool, host, sensor, event_id)
TTL toDateTime(at) + INTERVAL 400 DAY
COMMENT 'Which host uses which tool, by whose account, allowed by which rule: the last word on each';

CREATE TABLE IF NOT EXISTS rmmwatch.health
(
    line String CODEC(ZSTD(3)),
    at DateTime64(6, 'UTC') DEFAULT parseDateTime64BestEffortOrZero(JSONExtractString(line, '@timestamp'), 6, 'UTC'),
    event_id String DEFAULT JSONExtractString(line, 'event', 'id'),
    sensor LowCardinality(String) DEFAULT JSONExtractString(line, 'observer', 'name'),
    version LowCardinality(String) DEFAULT JSONExtractString(line, 'observer', 'version'),
    frames UInt64 DEFAULT JSONExtractUInt(line, 'rmm', 'health', 'frames', 'seen'),
    bytes UInt64 DEFAULT JSONExtractUInt(line, 'rmm', 'health', 'frames', 'bytes'),
    dropped UInt64 DEFAULT JSONExtractUInt(line, 'rmm', 'health', 'kernel', 'dropped'),
    loss_pct Float64 DEFAULT JSONExtractFloat(line, 'rmm', 'health', 'loss_pct'),
    observations_dropped UInt64 DEFAULT JSONExtractUInt(line, 'rmm', 'health', 'observations', 'dropped')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (sensor, at, event_id)
TTL toDateTime(at) + INTERVAL 90 DAY
COMMENT 'What each sensor said of itself';

CREATE MATERIALIZED VIEW IF NOT EXISTS rmmwatch.to_alerts TO rmmwatch.alerts AS
SELECT line FROM rmmwatch.lines WHERE JSONExtractString(line, 'event', 'dataset') = 'rmmwatch.alert';

CREATE MATERIALIZED VIEW IF NOT EXISTS rmmwatch.to_observations TO rmmwatch.observations AS
SELECT line FROM rmmwatch.lines WHERE JSONExtractString(line, 'event', 'dataset') = 'rmmwatch.observation';

CREATE MATERIALIZED VIEW IF NOT EXISTS rmmwatch.to_inventory TO rmmwatch.inventory AS
SELECT line FROM rmmwatch.lines WHERE JSONExtractString(line, 'event', 'dataset') = 'rmmwatch.inventory';

CREATE MATERIALIZED VIEW IF NOT EXISTS rmmwatch.to_health TO rmmwatch.health AS
SELECT line FROM rmmwatch.lines
WHERE JSONExtractString(line, 'event', 'dataset') IN ('rmmwatch.health', 'rmmwatch.summary');

CREATE MATERIALIZED VIEW IF NOT EXISTS rmmwatch.to_names TO rmmwatch.names AS
SELECT
    multiIf(question != '', question, server_name != '', server_name, domain) AS name,
    host,
    toDate(at) AS day,
    min(at) AS first_seen,
    max(at) AS last_seen,
    uniqState(event_id) AS seen
FROM rmmwatch.observations
WHERE action IN ('dns-query', 'tls-client-hello', 'quic-client-hello', 'http-request') AND name != ''
GROUP BY name, host, day;

-- The last telling of each alert: what a screen of alerts shows.
CREATE VIEW IF NOT EXISTS rmmwatch.alerts_now AS
SELECT *
FROM rmmwatch.alerts
ORDER BY at DESC, count DESC, occasion = 'ended' DESC
LIMIT 1 BY event_id;
