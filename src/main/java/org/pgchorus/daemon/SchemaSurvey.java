package org.pgchorus.daemon;

import org.pgchorus.pg.Session;
import org.pgchorus.sql.DdlSql;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a node's schema lacks of the others', as far as no held table shows it.
 *
 * @param problem statements that are held although they concern no table; empty if there are none
 * @param notes changes that stayed on the node
 */
record SchemaSurvey(Optional<String> problem, List<String> notes) {
    private static final int SHOWN_CHARACTERS = 80;

    static SchemaSurvey of(GroupSessions group, int id, Session session) {
        String here = group.name(id);
        if (!session.value(DdlSql.EXISTS).equals("t")) {
            return new SchemaSurvey(Optional.empty(), List.of());
        }
        String problem =
                session
                        .query(
                                DdlSql.HELD_WITHOUT_TABLE,
                                row ->
                                        held(
                                                group.name((int) row.number(1)),
                                                here,
                                                row.text(2),
                                                row.text(3)))
                        .stream()
                        .collect(Collectors.joining("; "));
        long stayed = Long.parseLong(session.value(DdlSql.LOCAL_OF_LATE));
        return new SchemaSurvey(
                Optional.of(problem).filter(text -> !text.isEmpty()),
                stayed == 0 ? List.of() : List.of(note(here, stayed)));
    }

    private static String held(String from, String to, String statement, String reason) {
        String line = statement.replaceAll("\\s+", " ").strip();
        return ("it holds a schema change of %s: %s: %s; it is tried again every two seconds; or"
                        + " step over it: pgchorus link skip %s %s --dry-run")
                .formatted(
                        from,
                        line.length() > SHOWN_CHARACTERS
                                ? line.substring(0, SHOWN_CHARACTERS) + "..."
                                : line,
                        reason,
                        from,
                        to);
    }

    private static String note(String here, long stayed) {
        return "node %s: %d schema change%s of the last days stayed there; see pgchorus ddl list"
                .formatted(here, stayed, stayed == 1 ? "" : "s");
    }
}
