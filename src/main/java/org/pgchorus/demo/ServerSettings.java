package org.pgchorus.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;

/**
 * The settings of a throw-away server, in a file that {@code postgresql.conf} includes at its end:
 * {@code ALTER SYSTEM} still wins over them.
 */
final class ServerSettings {
    private static final String FILE = "embedded.conf";

    private ServerSettings() {}

    static Map<String, String> defaults(int major) {
        var settings = new TreeMap<String, String>();
        settings.put("listen_addresses", "127.0.0.1");
        settings.put("unix_socket_directories", "");
        settings.put("wal_level", "logical");
        settings.put("track_commit_timestamp", "on");
        settings.put("max_replication_slots", "30");
        settings.put("max_wal_senders", "30");
        settings.put("max_worker_processes", "20");
        settings.put("max_connections", "200");
        settings.put("shared_buffers", "64MB");
        // The directory does not outlive the machine; processes may be killed all the same.
        settings.put("fsync", "off");
        // Inside the data directory, so that a killed server leaves nothing in /dev/shm.
        settings.put("dynamic_shared_memory_type", "mmap");
        settings.put("timezone", "UTC");
        settings.put("log_timezone", "UTC");
        if (major >= 18) {
            settings.put("max_active_replication_origins", "30");
        }
        return settings;
    }

    /** Makes a fresh data directory read our file. */
    static void include(Path dataDirectory) {
        try {
            Files.writeString(
                    dataDirectory.resolve("postgresql.conf"),
                    "\ninclude '" + FILE + "'\n",
                    StandardOpenOption.APPEND);
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
    }

    static void write(Path dataDirectory, int port, Map<String, String> settings) {
        var text = new StringBuilder("port = " + port + "\n");
        settings.forEach((name, value) ->
                text.append(name)
                        .append(" = '")
                        .append(value.replace("\\", "\\\\").replace("'", "''"))
                        .append("'\n"));
        try {
            Files.writeString(dataDirectory.resolve(FILE), text);
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
    }
}
