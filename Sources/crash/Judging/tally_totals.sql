SELECT kind, records, events::bigint FROM read.crash_tally_totals WHERE organization_id = $1
