DELETE FROM log.command WHERE recorded_at < $1
