package org.pgchorus.bench;

import org.pgchorus.config.Address;

import java.util.List;
import java.util.stream.Collectors;

/** Whether two databases hold the same rows. */
final class Fingerprint {
    private Fingerprint() {}

    /** A question whose answer is the same wherever the tables hold the same rows. Pure. */
    static String question(List<String> tables) {
        return tables.stream()
                .map(table ->
                        ("(SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text,"
                                        + " 0)::numeric), 0) FROM %s t)")
                                .formatted(table))
                .collect(Collectors.joining(" || ' ' || ", "SELECT ", ""));
    }

    /** Whether both ends hold the same rows. */
    static boolean isEqual(Direction direction, List<String> tables) {
        return isEqual(direction.source(), direction.target(), tables);
    }

    /** Whether both databases hold the same rows. */
    static boolean isEqual(Address one, Address other, List<String> tables) {
        String question = question(tables);
        return Databases.ask(one, question).equals(Databases.ask(other, question));
    }
}
