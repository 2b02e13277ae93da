package org.pgchorus.scenario;

import java.util.stream.Stream;

/** Changes of one node that do not travel: under an origin that is no link's, without triggers. */
final class Planted {
    private Planted() {}

    /** Runs statements, in one transaction. */
    static void on(TestGroup group, int node, String... statements) {
        group.run(
                node,
                """
                SELECT pg_replication_origin_create('planted')
                WHERE NOT EXISTS (SELECT FROM pg_replication_origin WHERE roname = 'planted')\
                """);
        group.run(
                node,
                Stream.concat(
                                Stream.of(
                                        "SELECT pg_replication_origin_session_setup('planted')",
                                        "SELECT pg_replication_origin_xact_setup('0/1', now())",
                                        "SET LOCAL session_replication_role = replica"),
                                Stream.of(statements))
                        .toArray(String[]::new));
    }
}
