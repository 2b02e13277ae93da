package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.pg.PgError;
import org.pgchorus.sql.SupportSql;

import java.util.SortedMap;
import java.util.TreeMap;

/** What a group's nodes say of themselves, for who looks from afar. No state. */
public final class Support {
    private Support() {}

    /**
     * Asks every node; one that cannot be reached, or a question that fails, leaves its reason
     * instead.
     *
     * @return by file name, {@code nodes/n1/slots.jsonl} say
     */
    public static SortedMap<String, String> nodes(Address any) {
        SortedMap<String, String> files = new TreeMap<>();
        try (GroupSessions group = GroupSessions.open(any)) {
            group.problems()
                    .forEach((id, problem) ->
                            files.put(
                                    "nodes/%s/unreachable.txt".formatted(group.name(id)),
                                    problem + "\n"));
            group.sessions()
                    .forEach((id, session) ->
                            SupportSql.questions()
                                    .forEach((name, sql) -> {
                                        String file = "nodes/%s/%s".formatted(group.name(id), name);
                                        try {
                                            files.put(
                                                    file + ".jsonl",
                                                    String.join(
                                                                    "\n",
                                                                    session.query(
                                                                            sql,
                                                                            row -> row.text(1)))
                                                            + "\n");
                                        } catch (PgError failed) {
                                            files.put(
                                                    file + ".failed.txt",
                                                    failed.getMessage() + "\n");
                                        }
                                    }));
        }
        return files;
    }
}
