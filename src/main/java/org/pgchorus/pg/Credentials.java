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

    /** As libpq has it: no right at all for the group and for others. */
    private static boolean openToOthers(String path) {
        try {
            return !PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(path)))
                    .endsWith("------");
        } catch (UnsupportedOperationException noSuchPermissions) {
            return false;
        } catch (IOException e) {
            throw PgError.refused("cannot look at " + path + ": " + e.getMessage(), e);
        }
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
