SELECT max(version) FROM bench.locked WHERE organization_id = $1 AND stream_id = $2
