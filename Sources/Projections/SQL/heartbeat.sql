UPDATE read.projection SET heartbeat_at = now() WHERE state = 'live'
