package org.pgchorus.member;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.member.Finding.Severity;

import java.util.List;
import java.util.Map;

class VitalsTest {
    private static final Locale C = new Locale("UTF8", "C", "C", "libc", "");

    private static Vitals vitals(String where, long aheadMicros, long doubtMicros) {
        return new Vitals(where, new Vitals.Clock(aheadMicros, doubtMicros), C, "", Map.of());
    }

    @Test
    void databasesThatAgreeGiveNoFindings() {
        assertThat(Vitals.compare(List.of())).isEmpty();
        assertThat(Vitals.compare(List.of(vitals("a", 0, 10)))).isEmpty();
        assertThat(Vitals.compare(List.of(vitals("a", 0, 10), vitals("b", 400_000, 10)))).isEmpty();
    }

    @Test
    void aClockThatIsCertainlyAheadIsFoundAndFarAheadStandsInTheWay() {
        List<Finding> noted = Vitals.compare(List.of(vitals("a", 0, 10), vitals("b", 700_000, 10)));
        assertThat(noted)
                .singleElement()
                .satisfies(f -> {
                    assertThat(f.where()).isEqualTo("b");
                    assertThat(f.severity()).isEqualTo(Severity.NOTE);
                    assertThat(f.problem()).isEqualTo("the clock is 0.7 s ahead of that of a");
                });
        assertThat(Vitals.compare(List.of(vitals("a", 6_000_000, 10), vitals("b", 0, 10))))
                .singleElement()
                .satisfies(f -> {
                    assertThat(f.where()).isEqualTo("a");
                    assertThat(f.severity()).isEqualTo(Severity.ERROR);
                });
    }

    @Test
    void aSlowAnswerIsNoProofOfAWrongClock() {
        assertThat(Vitals.compare(List.of(vitals("a", 0, 400_000), vitals("b", 900_000, 10))))
                .isEmpty();
    }

    @Test
    void theZeroOfAClockIsInTheMiddleOfTheQuestion() {
        Vitals.Clock clock = Vitals.Clock.between(5_000_000, 1_000_000_000L, 1_000_200_000L);
        assertThat(clock.doubtMicros()).isEqualTo(101);
        assertThat(clock.aheadMicros()).isEqualTo(5_000_000 - 1_000_000 - 101);
    }

    @Test
    void localesAndExtensionsThatDifferAreFound() {
        Vitals first =
                new Vitals(
                        "a",
                        new Vitals.Clock(0, 1),
                        C,
                        "2.36",
                        Map.of("hstore", "1.8", "citext", "1.6"));
        Vitals second =
                new Vitals(
                        "b",
                        new Vitals.Clock(0, 1),
                        new Locale("UTF8", "en_US.utf8", "C", "libc", ""),
                        "2.41",
                        Map.of("hstore", "1.7"));
        assertThat(Vitals.compare(List.of(first, second)))
                .extracting(f -> f.severity() + " " + f.where() + " " + f.problem())
                .containsExactly(
                        "ERROR b the database's collation is en_US.utf8, that of a is C",
                        "NOTE b texts are ordered by version 2.41 of the collation here, by 2.36"
                                + " at a: ranges, partitions and CHECK constraints over texts may"
                                + " differ",
                        "NOTE b extension citext is missing, a has it",
                        "NOTE b extension hstore is of version 1.7, at a of 1.8");
    }

    @Test
    void aLocaleMayBeSpelledInSeveralWays() {
        Locale one = new Locale("UTF8", "en_US.utf8", "en_US.utf8", "libc", "");
        Locale other = new Locale("UTF8", "en_US.UTF-8", "en_US.UTF-8", "libc", "");
        assertThat(one.differences(other)).isEmpty();
    }

    @Test
    void curesAreInTheWordsOfTheService() {
        assertThat(Service.PLAIN.change("wal_level", "logical"))
                .isEqualTo("ALTER SYSTEM SET wal_level = 'logical'; then restart the server");
        assertThat(Service.RDS.change("wal_level", "logical"))
                .contains("rds.logical_replication = 1")
                .contains("parameter group");
        assertThat(Service.AURORA.change("max_wal_senders", 20))
                .contains("max_wal_senders = 20")
                .contains("cluster parameter group");
        assertThat(Service.CLOUD_SQL.change("wal_level", "logical"))
                .contains("cloudsql.logical_decoding = on");
        assertThat(Service.AZURE.change("wal_level", "logical")).contains("wal_level = logical");
        for (Service service : Service.values()) {
            assertThat(service.grantReplication("\"r\"")).endsWith("\"r\"" + suffix(service));
            assertThat(service.grantAll("\"r\"")).contains("\"r\"");
            assertThat(service.grant("GRANT x", "\"r\"")).startsWith("GRANT x");
        }
    }

    private static String suffix(Service service) {
        return service.grantReplication("").startsWith("GRANT") ? "" : " REPLICATION";
    }
}
