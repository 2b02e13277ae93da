package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.pgchorus.demo.ServerOptions;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The how-to pages do what they say when they are typed as they stand. */
class PagesScenario {
    private static final Path UPGRADE = Path.of("docs/upgrade.md");
    private static final Path OPERATING = Path.of("docs/operating.md");
    private static final Path SEQUENCES = Path.of("docs/sequences.md");

    private static TestGroup servers(int... majors) {
        assumeTrue(BadInputScenario.pgDumpFor(majors[0]), "no pg_dump is here");
        List<ServerOptions> options = Arrays.stream(majors).mapToObj(ServerOptions::of).toList();
        return TestGroup.of("", options, 0);
    }

    private static Typist upgrader(TestGroup group) {
        String old = group.address(0).text();
        return new Typist(
                group,
                Map.of(
                        "postgresql://postgres@old/app",
                        old,
                        "postgresql://postgres@old/postgres",
                        old.replace("/app", "/postgres"),
                        "postgresql://postgres@new/app",
                        group.address(1).text()));
    }

    @Test
    void aNewVersionTakesTheOldOnesPlace() throws IOException {
        List<String> lines = Typist.blocks(UPGRADE).getFirst();
        assertThat(lines).hasSize(8);
        try (TestGroup group = servers(15, 18)) {
            group.run(0, "CREATE TABLE t (id serial PRIMARY KEY, v text)");
            group.run(0, "INSERT INTO t (v) SELECT 'row ' || i FROM generate_series(1, 500) i");
            try (Typist typist = upgrader(group)) {
                for (String line : lines) {
                    typist.type(line);
                    if (line.startsWith("pgchorus node join ")) {
                        group.run(0, "INSERT INTO t (v) VALUES ('late')");
                    }
                }
            }
            assertThat(group.rows(1, "SELECT count(*) FROM t")).containsExactly("501");
            for (int node = 0; node < 2; node++) {
                assertThat(group.rows(node, JoinScenario.LEFTOVERS)).isEmpty();
            }
        }
    }

    @Test
    void aServerTooOldForAGroupIsTakenOver() throws IOException {
        List<String> lines = Typist.blocks(UPGRADE).get(1);
        assertThat(lines).hasSize(7);
        try (TestGroup group = servers(13, 18)) {
            group.run(0, "CREATE TABLE t (id serial PRIMARY KEY, v text)");
            group.run(0, "INSERT INTO t (v) SELECT 'row ' || i FROM generate_series(1, 500) i");
            try (Typist typist = upgrader(group)) {
                for (String line : lines) {
                    if (line.contains("default_transaction_read_only")) {
                        group.run(0, "INSERT INTO t (v) VALUES ('late')");
                    }
                    typist.type(line);
                }
                assertThat(group.rows(0, JoinScenario.LEFTOVERS)).isEmpty();
                group.run(1, "INSERT INTO t (v) VALUES ('first here')");
                assertThat(group.rows(1, "SELECT count(*), max(id) FROM t"))
                        .containsExactly("502|502");
                typist.type("pgchorus node list --group postgresql://postgres@new/app");
            }
        }
    }

    /** In the order of a node's life; what needs a fault first has scenarios of its own. */
    @Test
    void aGroupIsOperatedAsThePagesSay() throws IOException {
        try (TestGroup group = servers(15, 18);
                Typist typist =
                        new Typist(
                                group,
                                Map.of(
                                        "postgresql://postgres@db1/app",
                                        group.address(0).text(),
                                        "postgresql://postgres@db3/app",
                                        group.address(1).text()))) {
            group.run(
                    0,
                    "CREATE TABLE customer (id int PRIMARY KEY)",
                    "CREATE TABLE invoice (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),"
                            + " number serial, customer int NOT NULL,"
                            + " CONSTRAINT invoice_customer_fkey FOREIGN KEY (customer)"
                            + " REFERENCES customer)",
                    "INSERT INTO customer SELECT generate_series(1, 100)",
                    "INSERT INTO invoice (customer) SELECT generate_series(1, 100)");
            typist.type("pgchorus group create n1=postgresql://postgres@db1/app");
            typist.type(
                    "pgchorus run n1=postgresql://postgres@db1/app"
                            + " n3=postgresql://postgres@db3/app &");
            typist.type(
                    Path.of("docs/joining.md"),
                    "pgchorus node join n3=postgresql://postgres@db3/app"
                            + " --via postgresql://postgres@db1/app");
            sequences(typist, group);
            equality(typist);
            operating(typist, group);
            assertThat(group.rows(0, "SELECT count(*) FROM invoice")).containsExactly("102");
        }
    }

    private static void sequences(Typist typist, TestGroup group) throws IOException {
        assertThat(typist.type(SEQUENCES, "pgchorus sequence list")).contains("may collide");
        typist.type(SEQUENCES, "pgchorus sequence spread");
        typist.type(SEQUENCES, "pgchorus sequence spread invoice_number_seq");
        group.run(0, "INSERT INTO invoice (customer) VALUES (1)");
        group.run(1, "INSERT INTO invoice (customer) VALUES (1)");
        typist.type("pgchorus wait");
        assertThat(group.rows(0, "SELECT count(DISTINCT number) FROM invoice"))
                .containsExactly("102");
    }

    private static void equality(Typist typist) throws IOException {
        typist.type(
                Path.of("docs/foreign-keys.md"),
                "pgchorus orphan policy invoice_customer_fkey restore-parent");
        typist.type(Path.of("docs/foreign-keys.md"), "pgchorus orphan list");
        assertThat(typist.type(Path.of("docs/verify.md"), "pgchorus verify")).contains("all equal");
        typist.type(Path.of("docs/repair.md"), "pgchorus repair --dry-run");
        typist.type(Path.of("docs/repair.md"), "pgchorus repair");
    }

    private static void operating(Typist typist, TestGroup group) throws IOException {
        for (String line :
                Stream.of(
                                "node pause n2",
                                "node resume n2",
                                "node read-only n2 on",
                                "node read-only n2 off",
                                "group set wal_budget=50GB",
                                "group set wal_budget=25% wal_disk=200GB slot_overflow=drop",
                                "group show",
                                "node resync n2 --dry-run",
                                "node drain n2")
                        .map(line -> "pgchorus " + line)
                        .toList()) {
            typist.typeAs(OPERATING, line, "n2", "n3");
        }
        typist.typeAs(OPERATING, "pgchorus node detach n2", "n2", "n3");
        group.run(0, "INSERT INTO customer VALUES (1000)");
        assertThat(typist.type("pgchorus node list")).doesNotContain("n3");
    }
}
