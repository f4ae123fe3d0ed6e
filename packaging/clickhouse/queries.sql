-- Questions to the store. Each begins with its name and stands alone; {days:UInt16} and the like are
-- ClickHouse's own parameters (clickhouse-client --param_days=30, or ?param_days=30 over HTTP).

-- name: who_uses_what
-- Tools, by whose account, on how many hosts, allowed or not.
SELECT
    tool,
    any(tool_name) AS tool_name,
    operator,
    authorised,
    uniqExact(host) AS hosts,
    sum(sessions) AS sessions,
    sum(bytes_sent) AS bytes_sent,
    sum(bytes_received) AS bytes_received,
    min(first_seen) AS began,
    max(last_seen) AS latest
FROM rmmwatch.inventory FINAL
WHERE last_seen >= now() - INTERVAL {days:UInt16} DAY
GROUP BY tool, operator, authorised
ORDER BY authorised, hosts DESC, tool, operator;

-- name: unauthorised_by_zone
-- What no rule allows, zone by zone.
SELECT
    zone,
    tool,
    uniqExact(host) AS hosts,
    arraySort(groupUniqArray(20)(host)) AS some_hosts,
    min(first_seen) AS began,
    max(last_seen) AS latest
FROM rmmwatch.inventory FINAL
WHERE NOT authorised AND last_seen >= now() - INTERVAL {days:UInt16} DAY
GROUP BY zone, tool
ORDER BY zone, hosts DESC, tool;

-- name: new_tools
-- Tools that the whole site began to use lately, with the first host of each.
SELECT tool, min(first_seen) AS began, argMin(host, first_seen) AS first_host, uniqExact(host) AS hosts
FROM rmmwatch.inventory FINAL
GROUP BY tool
HAVING began >= now() - INTERVAL {days:UInt16} DAY
ORDER BY began;

-- name: chains
-- Incidents, the worst first, with their stages in one line.
SELECT
    event_id,
    host,
    host_name,
    severity,
    first_seen,
    last_seen,
    arrayStringConcat(arrayMap(s -> concat(s.1, ' ', s.4), stages), ' > ') AS story,
    reason
FROM rmmwatch.alerts_now
WHERE notEmpty(stages) AND at >= now() - INTERVAL {days:UInt16} DAY
ORDER BY severity DESC, last_seen DESC;

-- name: alerts_by_day
-- How many alerts a day, each counted once, by kind and border of severity.
SELECT
    toDate(first_seen) AS day,
    detection,
    multiIf(severity >= 90, 'critical', severity >= 70, 'high', severity >= 40, 'medium', severity >= 20, 'low', 'informational') AS level,
    count() AS alerts,
    uniqExact(host) AS hosts
FROM rmmwatch.alerts_now
WHERE at >= now() - INTERVAL {days:UInt16} DAY
GROUP BY day, detection, level
ORDER BY day, detection, level;

-- name: new_names
-- Names that nobody asked for before, and who did first. A site's first days are all new.
SELECT
    name,
    min(first_seen) AS began,
    argMin(host, first_seen) AS first_host,
    uniqExact(host) AS hosts,
    uniqMerge(seen) AS observations
FROM rmmwatch.names
GROUP BY name
HAVING began >= now() - INTERVAL {days:UInt16} DAY
ORDER BY began, name;

-- name: who_asked
-- A hunt: who asked for this name, or for any below it, ever.
SELECT name, host, min(first_seen) AS began, max(last_seen) AS latest, uniqMerge(seen) AS observations
FROM rmmwatch.names
WHERE name = lower({name:String}) OR endsWith(name, concat('.', lower({name:String})))
GROUP BY name, host
ORDER BY began, name, host;

-- name: host
-- Everything that was told of a host, the latest first.
SELECT at, detection, severity, tool, domain, destination_ip, message
FROM rmmwatch.alerts_now
WHERE host = {host:String} OR has(addresses, {host:String})
ORDER BY at DESC
LIMIT 200;

-- name: allowed_and_unused
-- Rules under which nobody used anything for so long: candidates for removal.
SELECT policy_rule, any(tool) AS tool, max(last_seen) AS last_used, uniqExact(host) AS hosts
FROM rmmwatch.inventory FINAL
WHERE authorised
GROUP BY policy_rule
HAVING last_used < now() - INTERVAL {days:UInt16} DAY
ORDER BY last_used;

-- name: sensors
-- What each sensor lost lately, and when it last said anything.
SELECT
    sensor,
    argMax(version, at) AS version,
    max(at) AS last_word,
    argMax(loss_pct, at) AS loss_pct,
    argMax(dropped, at) AS frames_dropped,
    argMax(observations_dropped, at) AS observations_dropped
FROM rmmwatch.health FINAL
WHERE at >= now() - INTERVAL {days:UInt16} DAY
GROUP BY sensor
ORDER BY sensor;
