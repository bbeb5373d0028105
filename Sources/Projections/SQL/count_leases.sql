SELECT count(*) FROM read.lease l JOIN pg_stat_activity a ON a.pid = l.backend WHERE l.expires_at >= clock_timestamp()
