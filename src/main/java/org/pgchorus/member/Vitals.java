package org.pgchorus.member;

import org.pgchorus.member.Finding.Severity;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExamineSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What databases of one group have to agree on.
 *
 * @param where what to call the database in findings
 * @param locale how it orders texts
 * @param collationVersion of its default collation, empty if the server does not know
 * @param extensions by name, their versions
 */
public record Vitals(
        String where,
        Clock clock,
        Locale locale,
        String collationVersion,
        Map<String, String> extensions) {
    /** Commits further in a target's future stop the link (see docs/operating.md). */
    private static final long LIMIT_MICROS = 5_000_000;

    /** Clocks kept by any time service agree far better. */
    private static final long NOTED_MICROS = 500_000;

    /**
     * A server's clock, against our own one.
     *
     * @param aheadMicros of an arbitrary zero, the same for all that one process reads
     * @param doubtMicros by how much that may be wrong either way
     */
    public record Clock(long aheadMicros, long doubtMicros) {
        /**
         * From one question.
         *
         * @param serverMicros the answer
         * @param beganNanos when it was asked, by {@link System#nanoTime}
         * @param endedNanos when the answer was there
         */
        static Clock between(long serverMicros, long beganNanos, long endedNanos) {
            long began = TimeUnit.NANOSECONDS.toMicros(beganNanos);
            long doubt = (TimeUnit.NANOSECONDS.toMicros(endedNanos) - began) / 2 + 1;
            return new Clock(serverMicros - began - doubt, doubt);
        }

        /** By how much this one is ahead for certain; 0 if it may not be. */
        long certainlyAheadOf(Clock other) {
            return Math.max(0, aheadMicros - other.aheadMicros - doubtMicros - other.doubtMicros);
        }
    }

    static Vitals of(Session session, String where, Clock clock) {
        Map<String, String> extensions = new TreeMap<>();
        session.query(ExamineSql.EXTENSIONS, row -> Map.entry(row.text(1), row.text(2)))
                .forEach(e -> extensions.put(e.getKey(), e.getValue()));
        return new Vitals(
                where,
                clock,
                Locale.of(session),
                session.first(ExamineSql.COLLATION_VERSION, row -> row.maybe(1).orElse(""))
                        .orElse(""),
                extensions);
    }

    /** What does not fit between databases; each is compared with the first. Pure. */
    public static List<Finding> compare(List<Vitals> all) {
        List<Finding> findings = new ArrayList<>();
        for (Vitals one : all.subList(Math.min(1, all.size()), all.size())) {
            one.compareWith(all.getFirst(), findings);
        }
        clocks(all, findings);
        return findings;
    }

    private void compareWith(Vitals first, List<Finding> findings) {
        locale.differences(first.locale)
                .forEach(d ->
                        findings.add(
                                new Finding(
                                        where,
                                        d.aspect(),
                                        Severity.ERROR,
                                        "the database's %s is %s, that of %s is %s"
                                                .formatted(
                                                        d.aspect(),
                                                        d.found(),
                                                        first.where,
                                                        d.wanted()),
                                        "make a new database: " + first.locale.statement())));
        if (!collationVersion.isEmpty()
                && !first.collationVersion.isEmpty()
                && !collationVersion.equals(first.collationVersion)) {
            findings.add(
                    new Finding(
                            where,
                            "collation_version",
                            Severity.NOTE,
                            ("texts are ordered by version %s of the collation here, by %s at %s:"
                                            + " ranges, partitions and CHECK constraints over texts"
                                            + " may differ")
                                    .formatted(
                                            collationVersion, first.collationVersion, first.where),
                            "run the servers on the same version of the operating system, or use"
                                    + " the collation C"));
        }
        extensions(first, findings);
    }

    private void extensions(Vitals first, List<Finding> findings) {
        Map<String, String> both = new TreeMap<>(first.extensions);
        both.putAll(extensions);
        for (String name : both.keySet()) {
            String here = extensions.get(name);
            String there = first.extensions.get(name);
            if (here == null || there == null) {
                String lacks = here == null ? where : first.where;
                findings.add(
                        new Finding(
                                lacks,
                                "extension",
                                Severity.NOTE,
                                "extension %s is missing, %s has it"
                                        .formatted(name, here == null ? first.where : where),
                                "CREATE EXTENSION %s; if a replicated table needs it"
                                        .formatted(Sql.name(name))));
            } else if (!here.equals(there)) {
                findings.add(
                        new Finding(
                                where,
                                "extension",
                                Severity.NOTE,
                                "extension %s is of version %s, at %s of %s"
                                        .formatted(name, here, first.where, there),
                                "ALTER EXTENSION %s UPDATE; on the older one"
                                        .formatted(Sql.name(name))));
            }
        }
    }

    private static void clocks(List<Vitals> all, List<Finding> findings) {
        for (Vitals ahead : all) {
            for (Vitals behind : all) {
                long micros = ahead.clock.certainlyAheadOf(behind.clock);
                if (micros > NOTED_MICROS) {
                    findings.add(
                            new Finding(
                                    ahead.where,
                                    "clock",
                                    micros > LIMIT_MICROS ? Severity.ERROR : Severity.NOTE,
                                    "the clock is %.1f s ahead of that of %s"
                                            .formatted(micros / 1e6, behind.where),
                                    "let a time service keep both, chrony or ntpd"));
                }
            }
        }
    }
}
