package org.pgchorus.scenario;

import java.util.stream.Stream;

/**
 * The servers that most scenarios run on: three different versions, or, with {@code
 * -Dscenario.versions=all}, also several of one version, which takes three times as long.
 */
final class Versions {
    private static final String MIXED = "15,18,16";

    private Versions() {}

    static Stream<String> ofTwo() {
        return all() ? Stream.of("15,15", "18,18", MIXED) : Stream.of(MIXED);
    }

    static Stream<String> ofThree() {
        return all() ? Stream.of("15,15,15", "18,18,18", MIXED) : Stream.of(MIXED);
    }

    /** Whether it may take three times as long. */
    static boolean all() {
        return System.getProperty("scenario.versions", "").equals("all");
    }
}
