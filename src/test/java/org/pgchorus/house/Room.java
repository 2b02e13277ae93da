package org.pgchorus.house;

import java.util.List;
import java.util.Set;

/**
 * One room of the house: a package directly under the root, and what it may know of the others.
 *
 * <p>{@link #PLAN} is the floor plan of {@code docs/architecture.md}, from the ground up: a room's
 * doors lead only to rooms named before it, so the plan can have no cycle.
 *
 * @param name the package's last name
 * @param doors the rooms it may use, besides itself
 * @param pure whether all of it is free of input, output, threads and clocks
 */
record Room(String name, Set<String> doors, boolean pure) {
    static final List<Room> PLAN =
            List.of(
                    pure("model"),
                    pure("pgoutput", "model"),
                    pure("conflict", "model"),
                    pure("sql", "model", "conflict"),
                    pure("config", "model", "conflict"),
                    room("pg", "model", "pgoutput", "conflict", "sql", "config"),
                    room("link", "model", "pgoutput", "conflict", "sql", "config", "pg"),
                    room("member", "model", "pgoutput", "conflict", "sql", "config", "pg"),
                    room("verify", "model", "conflict", "sql", "config", "pg"),
                    room("route", "model", "config", "pg"),
                    room(
                            "daemon",
                            "model",
                            "pgoutput",
                            "conflict",
                            "sql",
                            "config",
                            "pg",
                            "link",
                            "member",
                            "verify",
                            "route"),
                    room("http", "model", "config", "daemon", "route"),
                    room("demo", "model", "sql", "config", "pg", "member", "daemon", "http"),
                    room("bench", "model", "config", "pg", "member", "daemon", "http", "demo"),
                    room("example", "model", "config", "pg", "daemon", "http", "demo"),
                    room(
                            "cli", "model", "config", "member", "verify", "route", "daemon", "http",
                            "demo", "bench", "example"));

    /** Names that say nothing of what is inside. */
    static final Set<String> NAMES_FOR_NOTHING =
            Set.of(
                    "util", "utils", "common", "core", "impl", "service", "helper", "helpers",
                    "manager", "misc");

    private static Room pure(String name, String... doors) {
        return new Room(name, Set.of(doors), true);
    }

    private static Room room(String name, String... doors) {
        return new Room(name, Set.of(doors), false);
    }
}
