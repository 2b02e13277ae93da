package org.pgchorus.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The HAProxy of this machine, if it has one. No state. */
public final class HaproxyProgram {
    /** Where packages put it; often not on the path of who is no administrator. */
    private static final List<Path> PLACES =
            List.of(
                    Path.of("/usr/sbin/haproxy"),
                    Path.of("/usr/local/sbin/haproxy"),
                    Path.of("/opt/homebrew/bin/haproxy"));

    private HaproxyProgram() {}

    /** Where it is. */
    public static Optional<Path> find() {
        Stream<Path> onPath =
                Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                        .filter(place -> !place.isEmpty())
                        .map(place -> Path.of(place, "haproxy"));
        return Stream.concat(onPath, PLACES.stream()).filter(Files::isExecutable).findFirst();
    }
}
