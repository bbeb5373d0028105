-- How values are written in the documents that the views of `read` make. The planner inlines all.

-- RFC 3339 in UTC with six digits, as everywhere.
CREATE FUNCTION read.instant(at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
-- {"minor":105400,"currency":"USD"}; null without an amount. A currency is three capital letters, so nothing needs
-- escaping.
CREATE FUNCTION read.money(minor bigint, currency text) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT ('{"minor":' || minor || ',"currency":"' || currency || '"}')::json
$$;
-- What counts of a deal's chances, in percent: certain once won or lost, else its own estimate, else its stage's.
CREATE FUNCTION read.probability(status text, own bigint, stage bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(CASE status WHEN 'won' THEN 100 WHEN 'lost' THEN 0 END, own, stage, 0)
$$;
-- An amount by its chances, rounded half away from zero for each deal, so that the sum of what is shown is what sums
-- show.
CREATE FUNCTION read.weighted(minor bigint, probability bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (minor * probability + 50 * sign(minor)::bigint) / 100
$$;
