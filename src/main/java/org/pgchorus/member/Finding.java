package org.pgchorus.member;

import org.pgchorus.pg.PgError;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Something an examination found.
 *
 * @param where the database or node
 * @param check the name of the check
 * @param severity whether it stands in the way
 * @param problem what is not as it must be
 * @param cure the exact statement or setting that mends it
 */
public record Finding(String where, String check, Severity severity, String problem, String cure) {
    /** Whether a finding stands in the way. */
    public enum Severity {
        /** Nothing can be done before it is mended. */
        ERROR,
        /** Worth knowing. */
        NOTE
    }

    /** One line for people. */
    public String line() {
        String label = severity == Severity.ERROR ? "error" : "note";
        return "%s: %s: %s: %s%s"
                .formatted(label, where, check, problem, cure.isEmpty() ? "" : "; cure: " + cure);
    }

    /**
     * Goes on only if nothing stands in the way.
     *
     * @throws PgError.Refused with every error found, not only the first
     */
    public static void requireNone(List<Finding> findings) {
        List<Finding> errors = findings.stream().filter(f -> f.severity == Severity.ERROR).toList();
        if (!errors.isEmpty()) {
            throw PgError.refused(
                    errors.stream().map(Finding::line).collect(Collectors.joining("\n")));
        }
    }
}
