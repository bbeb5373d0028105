-- What views say of deals beside their fields. The planner inlines all but the exponents.

-- How many days ago something was, by the calendar of a zone: yesterday evening is one day ago this morning.
CREATE FUNCTION read.days(since timestamptz, zone text, today timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT ((today AT TIME ZONE coalesce(zone, 'UTC'))::date - (since AT TIME ZONE coalesce(zone, 'UTC'))::date)::bigint
$$;
-- Whether a deal has been longer in its stage than that one allows; never, where it says nothing.
CREATE FUNCTION read.rotting(status text, days bigint, allowed bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(status = 'open' AND days > allowed, false)
$$;
-- What a forecast counts an open deal as: its own word, else by its chances.
CREATE FUNCTION read.forecast(own text, probability bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(own, CASE WHEN probability >= 75 THEN 'committed' WHEN probability >= 50 THEN 'best_case'
                              ELSE 'pipeline' END)
$$;

-- Digits of a currency's minor unit (ISO 4217): 0, 2 or 3.
CREATE FUNCTION read.exponent(currency text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV',
                          'XAF', 'XOF', 'XPF') THEN 0
        WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
        ELSE 2 END
$$;
-- Minor units of one currency as minor units of another, of which one unit of the first is worth `rate`; rounded half
-- away from zero. Null without a rate, or where the result is no bigint.
CREATE FUNCTION read.converted(minor bigint, currency text, rate numeric, base text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN abs(c.exact) < 9.2e18 THEN round(c.exact)::bigint END
    FROM (SELECT minor * rate * power(10::numeric, read.exponent(base) - read.exponent(currency)) AS exact) c
$$;
-- The day of whose rates amounts are converted at: the one that was asked for, else that of `today`. After a
-- transaction that had asked, Postgres leaves an empty text behind.
CREATE FUNCTION read.rate_date(zone text, today timestamptz) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('daybook.rate_date', true), '')::date,
                    (today AT TIME ZONE coalesce(zone, 'UTC'))::date)
$$;
