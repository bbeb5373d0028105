/// The server's configuration, written at each start.
extension PrivateCluster {
    func configure(_ account: Account) throws(ClusterError) {
        try Files.write(configuration, to: "\(cluster)/postgresql.conf", owner: account)
        // The folder of the socket is what keeps others out.
        try Files.write("local all all trust\n", to: "\(cluster)/pg_hba.conf", owner: account)
        if !Files.exists("\(cluster)/local.conf") {
            try Files.write("# Your own settings; they win.\n", to: "\(cluster)/local.conf", owner: account)
        }
    }

    private var configuration: String {
        var all: [String: String] = [
            "listen_addresses": "",
            "unix_socket_directories": socketFolder,
            "unix_socket_permissions": "0700",
            "max_connections": "\(options.maxConnections)",
            "shared_buffers": "\(options.sharedBuffers)MB",
            "fsync": options.fsync ? "on" : "off",
            // A recycled segment would keep the bytes of erased persons; new ones are written over with zeros.
            "wal_recycle": "off",
            "wal_init_zero": "on",
            // Who changes a page for the first time after a checkpoint writes its image; so it is a third as long.
            "wal_compression": "lz4",
            // No statement, no value of a parameter and no row's content in the log.
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
            "log_statement": "none",
            "log_min_duration_statement": "-1",
            "log_min_duration_sample": "-1",
            "log_transaction_sample_rate": "0",
            // The log of events only grows: freeze and set visibility long before a fifth of it is new.
            "autovacuum_vacuum_insert_scale_factor": "0.05",
            "random_page_cost": "1.1",
            // Compiling plans pays for none of our statements.
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "lc_messages": "C.UTF-8",
        ]
        if options.rotatesLog {
            all["logging_collector"] = "on"
            all["log_directory"] = "log"
            all["log_filename"] = "postgres-%a.log"
            all["log_truncate_on_rotation"] = "on"
            all["log_rotation_age"] = "1d"
            all["log_rotation_size"] = "0"
        }
        if !options.fsync { all["full_page_writes"] = "off" }
        all.merge(options.settings) { _, own in own }
        let lines = all.sorted { $0.key < $1.key }.map { name, value in
            "\(name) = '\(value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
        }
        return "# Written by Daybook at each start; your own settings go to local.conf.\n"
            + lines.joined(separator: "\n") + "\ninclude_if_exists = 'local.conf'\n"
    }
}
