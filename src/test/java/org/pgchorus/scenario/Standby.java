package org.pgchorus.scenario;

import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.demo.ServerOptions;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;

/** Makes physical standbys; the embedded binaries have no pg_basebackup. */
final class Standby {
    private Standby() {}

    /**
     * A standby of a server, from a copy of its files, that streams from it through a slot.
     *
     * @param home an empty directory, which it keeps
     */
    static EmbeddedServer of(EmbeddedServer primary, Path home) {
        Path copy = home.resolve(primary.dataDirectory().getFileName());
        try (Connection connection =
                        DriverManager.getConnection(
                                primary.address("postgres").jdbcUrl(),
                                primary.address("postgres").jdbcProperties());
                Statement statement = connection.createStatement()) {
            boolean renamed = primary.major() >= 15;
            statement.execute("SELECT pg_create_physical_replication_slot('standby', true)");
            statement.execute(
                    renamed
                            ? "SELECT pg_backup_start('copy', true)"
                            : "SELECT pg_start_backup('copy', true, false)");
            copy(primary.dataDirectory(), copy);
            try (ResultSet label =
                    statement.executeQuery(
                            renamed
                                    ? "SELECT labelfile FROM pg_backup_stop(false)"
                                    : "SELECT labelfile FROM pg_stop_backup(false, false)")) {
                label.next();
                Files.writeString(copy.resolve("backup_label"), label.getString(1));
            }
            Files.writeString(copy.resolve("standby.signal"), "");
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwx------"));
        } catch (SQLException e) {
            throw new IllegalStateException("no copy of " + primary, e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ServerOptions options =
                ServerOptions.of(primary.major())
                        .keepIn(home)
                        .setting(
                                "primary_conninfo",
                                "host=127.0.0.1 port=%d user=postgres dbname=app"
                                        .formatted(primary.port()))
                        .setting("primary_slot_name", "standby")
                        .setting("hot_standby_feedback", "on");
        return EmbeddedServer.start(
                primary.major() >= 17 ? options.setting("sync_replication_slots", "on") : options);
    }

    private static void copy(Path from, Path to) throws IOException {
        List<String> left = List.of("postmaster.pid", "postmaster.opts");
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path place = from.relativize(file);
                if (left.contains(place.toString())
                        || place.startsWith("pg_replslot") && place.getNameCount() > 1
                        || place.startsWith("pg_dynshmem") && place.getNameCount() > 1) {
                    continue;
                }
                if (Files.isDirectory(file)) {
                    Files.createDirectories(to.resolve(place));
                } else if (Files.exists(file)) {
                    Files.copy(file, to.resolve(place));
                }
            }
        }
    }
}
