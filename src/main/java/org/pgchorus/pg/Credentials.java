package org.pgchorus.pg;

import org.pgchorus.config.Address;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Completes addresses as libpq does, from this process's environment and files. Any thread. */
final class Credentials {
    private Credentials() {}

    /** The address with service, environment, defaults and password file filled in. */
    static Address complete(Address address) {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.putIfAbsent("USER", System.getProperty("user.name", ""));
        try {
            return address.completed(environment, Credentials::text, Credentials::openToOthers);
        } catch (IllegalArgumentException e) {
            throw PgError.refused(e.getMessage(), e);
        }
    }

    private static boolean openToOthers(String path) {
        try {
            Path file = Path.of(path);
            return isOpen(
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(file)),
                    Files.getOwner(file).getName(),
                    System.getProperty("user.name", ""));
        } catch (UnsupportedOperationException noSuchPermissions) {
            return false;
        } catch (IOException e) {
            throw PgError.refused("cannot look at " + path + ": " + e.getMessage(), e);
        }
    }

    /**
     * As PostgreSQL has it for files with keys: one's own file gives no right to anybody else; one
     * that root has given us may let our group read it, which is how secrets come into containers.
     *
     * @param permissions such as {@code rw-r-----}
     */
    static boolean isOpen(String permissions, String owner, String user) {
        boolean isGiven = owner.equals("root") && !user.equals("root");
        return !permissions.matches(isGiven ? "...r?-*" : "...------");
    }

    private static Optional<String> text(String path) {
        Path file = Path.of(path);
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readString(file));
        } catch (IOException e) {
            throw PgError.refused("cannot read " + path + ": " + e.getMessage(), e);
        }
    }
}
