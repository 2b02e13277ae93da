package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgchorus.scenario.Premises.as;
import static org.pgchorus.scenario.Premises.column;
import static org.pgchorus.scenario.Premises.join;
import static org.pgchorus.scenario.Premises.joinCopying;
import static org.pgchorus.scenario.Premises.node;
import static org.pgchorus.scenario.Premises.refusal;
import static org.pgchorus.scenario.Premises.run;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.member.Finding;
import org.pgchorus.model.NodeName;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** A role that is no superuser, with the grants of docs/privileges.md and no other. */
class PrivilegeScenario {
    private static final String PASSWORD = "tr3s-Secret";
    private static final String WRONG = "n0t-This-One";

    private static final String[] SCHEMA = {
        "CREATE ROLE chorus LOGIN PASSWORD '%s'".formatted(PASSWORD),
        "CREATE ROLE shop_owner LOGIN",
        "GRANT CREATE ON SCHEMA public TO shop_owner",
        "SET ROLE shop_owner",
        "CREATE TABLE item (id int PRIMARY KEY, v text)",
        "CREATE TABLE log (line text)",
        "RESET ROLE"
    };

    @Test
    void theGrantsOfTheListAreEnoughAndEachIsMissed(@TempDir Path directory) throws Exception {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        log.start();
        root.addAppender(log);
        try (Premises premises = new Premises()) {
            List<Address> addresses = new ArrayList<>();
            for (int major : new int[] {18, 15}) {
                premises.database(major, "shop", SCHEMA);
                Address chorus = demandPassword(premises.server(major), directory);
                addresses.add(chorus);
                wrongPasswordIsNotSaid(chorus);
                cureFindings(premises.server(major).address("shop"), chorus);
            }
            aPasswordThatIsNotKeptIsNoted(premises);
            replicate(premises, addresses.get(0), addresses.get(1));
        } finally {
            root.detachAppender(log);
        }
        assertThat(List.copyOf(log.list))
                .extracting(ILoggingEvent::getFormattedMessage)
                .noneMatch(line -> line.contains(PASSWORD) || line.contains(WRONG));
    }

    /** The role's address, with a file that has the password. */
    private static Address demandPassword(EmbeddedServer server, Path directory)
            throws IOException {
        Path rules = server.dataDirectory().resolve("pg_hba.conf");
        Files.writeString(
                rules, "host all chorus,guard all scram-sha-256\n" + Files.readString(rules));
        run(server.address("postgres"), "SELECT pg_reload_conf()");
        Path file = directory.resolve("pass");
        Files.writeString(file, "*:*:*:chorus:" + PASSWORD + "\n");
        Files.setPosixFilePermissions(
                file, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
        Address chorus = as(server.address("shop"), "chorus");
        // The new rules count for connections that begin after the postmaster has read them.
        TestGroup.await(
                "password wanted", () -> said(() -> Orders.check(chorus, 1)).contains("SC"));
        return chorus.with(AddressParameter.PASSFILE, file.toString());
    }

    /** What a refusal said, with all that caused it; empty if there was none. */
    private static String said(org.assertj.core.api.ThrowableAssert.ThrowingCallable order) {
        StringBuilder text = new StringBuilder();
        for (Throwable t = org.assertj.core.api.Assertions.catchThrowable(order);
                t != null;
                t = t.getCause()) {
            text.append(t).append('\n');
        }
        return text.toString();
    }

    private static void wrongPasswordIsNotSaid(Address chorus) {
        Address wrong = chorus.withPassword(WRONG);
        for (String said :
                List.of(
                        said(() -> Orders.check(wrong, 1)),
                        said(() -> Orders.createGroup(node("a", wrong), List.of())),
                        said(() -> join(node("a", wrong), wrong)))) {
            assertThat(said)
                    .contains("cannot connect to " + chorus.text())
                    .contains("password authentication failed for user \"chorus\"")
                    .doesNotContain(WRONG)
                    .doesNotContain(PASSWORD);
        }
    }

    private static void aPasswordThatIsNotKeptIsNoted(Premises premises) {
        Address guarded =
                premises.database(
                        18,
                        "guarded",
                        "CREATE ROLE guard SUPERUSER LOGIN PASSWORD '%s'".formatted(PASSWORD));
        List<Finding> notes =
                Orders.createGroup(
                        node("g", as(guarded, "guard").withPassword(PASSWORD)), List.of());
        assertThat(notes)
                .singleElement()
                .extracting(Finding::line)
                .asString()
                .startsWith("note: g: password: the password given is stored nowhere")
                .contains("~/.pgpass")
                .doesNotContain(PASSWORD);
        assertThat(column(guarded, "SELECT address FROM pgchorus.member"))
                .containsExactly(as(guarded, "guard").text());
    }

    /** Says every cure as a superuser; afterwards nothing is found, and the list is the docs'. */
    private static void cureFindings(Address superuser, Address chorus) throws IOException {
        List<Finding> findings = BadInputScenario.errors(chorus, 1);
        assertThat(findings)
                .extracting(Finding::check)
                .containsOnly(
                        "replication", "session_replication_role", "origins", "create", "owner");
        String refused =
                refusal(List.of(superuser), () -> Orders.createGroup(node("a", chorus), List.of()));
        List<String> granted = new ArrayList<>();
        for (Finding finding : findings) {
            String statement = BadInputScenario.statement(finding);
            assertThat(refused).contains(finding.problem()).contains(statement);
            if (!granted.contains(statement)) {
                granted.add(statement);
            }
        }
        assertThat(documented()).isEqualTo(new HashSet<>(granted));
        run(superuser, granted.toArray(String[]::new));
        assertThat(BadInputScenario.errors(chorus, 1)).as("with all").isEmpty();
        for (String one : granted) {
            run(superuser, revoking(one));
            assertThat(Orders.check(chorus, 1))
                    .as("without %s", one)
                    .anyMatch(f -> BadInputScenario.statement(f).equals(one));
            run(superuser, one);
        }
    }

    private static String revoking(String grant) {
        return grant.startsWith("GRANT")
                ? grant.replaceFirst("^GRANT", "REVOKE").replace(" TO ", " FROM ")
                : grant.replace(" REPLICATION", " NOREPLICATION");
    }

    private static java.util.Set<String> documented() throws IOException {
        String text = Files.readString(Path.of("docs/privileges.md"));
        String block = text.split("```sql\n", 2)[1].split("```", 2)[0];
        return block.lines().map(l -> l.replaceFirst(";$", "")).collect(Collectors.toSet());
    }

    private static void replicate(Premises premises, Address eighteen, Address fifteen)
            throws InterruptedException {
        assertThat(Orders.createGroup(node("a", eighteen), List.of()))
                .allMatch(f -> f.check().equals("key"));
        Address clientA = as(premises.server(18).address("shop"), "shop_owner");
        Address clientB = as(premises.server(15).address("shop"), "shop_owner");
        run(clientA, "INSERT INTO item VALUES (1, 'one'), (2, 'two'), (3, 'three')");
        run(clientA, "DELETE FROM item WHERE id = 3");
        try (Daemon daemon = Daemon.start(List.of(node("a", eighteen), node("b", fifteen)))) {
            aFailedJoinIsTakenBack(premises, eighteen, fifteen, clientB);
            join(node("b", fifteen), eighteen);
            assertThat(Orders.awaitReady(eighteen, new NodeName("b"), 60_000, hint -> {}))
                    .as("ready; %s; %s", daemon.states(), Survey.of(eighteen).problems())
                    .isTrue();
            run(clientB, "UPDATE item SET v = 'uno' WHERE id = 1", "INSERT INTO log VALUES ('b')");
            settle(eighteen);
            run(clientA, "DELETE FROM item WHERE id = 2", "INSERT INTO log VALUES ('a')");
            run(clientA, "UPDATE item SET id = 9 WHERE id = 1");
            settle(eighteen);
            run(clientB, "TRUNCATE log");
            settle(eighteen);
            NodeName a = new NodeName("a");
            assertThat(Orders.pause(fifteen, a, new NodeName("b"), true)).isTrue();
            assertThat(Orders.pause(fifteen, a, new NodeName("b"), false)).isTrue();
            Orders.removeTable(eighteen, "item");
            Orders.addTable(eighteen, "item");
            run(clientB, "INSERT INTO log VALUES ('c')");
            settle(eighteen);
            for (Address client : List.of(clientA, clientB)) {
                assertThat(column(client, "SELECT id || v FROM item")).containsExactly("9uno");
                assertThat(column(client, "SELECT line FROM log")).containsExactly("c");
            }
            aNewcomerWithoutSchemaJoins(premises, eighteen, fifteen);
        }
        assertThat(column(premises.server(18).address("shop"), "TABLE pgchorus.member"))
                .isNotEmpty();
        assertThat(
                        column(
                                premises.server(18).address("shop"),
                                "SELECT format('%s', m) FROM pgchorus.member m"))
                .noneMatch(row -> row.contains(PASSWORD));
    }

    private static void settle(Address any) throws InterruptedException {
        assertThat(
                        Waiting.untilApplied(
                                any, Duration.ofSeconds(30), Optional.empty(), Optional.empty()))
                .as("late links; %s", Survey.of(any).problems())
                .isEmpty();
    }

    /** Taking back needs no more rights than making. */
    private static void aFailedJoinIsTakenBack(
            Premises premises, Address eighteen, Address fifteen, Address clientB) {
        run(clientB, "ALTER TABLE item ADD CONSTRAINT small CHECK (id < 2)");
        List<Address> both =
                List.of(premises.server(18).address("shop"), premises.server(15).address("shop"));
        assertThat(refusal(both, () -> join(node("b", fifteen), eighteen))).contains("small");
        run(clientB, "ALTER TABLE item DROP CONSTRAINT small");
    }

    /** {@code --schema copy} as the same role, which may create in the newcomer. */
    private static void aNewcomerWithoutSchemaJoins(
            Premises premises, Address eighteen, Address fifteen) throws InterruptedException {
        if (!BadInputScenario.pgDumpFor(15)) {
            return;
        }
        Address superuser = premises.database(18, "fresh");
        for (Finding finding :
                BadInputScenario.errors(eighteen.with(AddressParameter.DBNAME, "fresh"), 2)) {
            run(superuser, BadInputScenario.statement(finding));
        }
        Address fresh = eighteen.with(AddressParameter.DBNAME, "fresh");
        assertThat(refusal(List.of(superuser), () -> joinCopying(node("c", fresh), fifteen)))
                .contains("permission denied for schema public")
                .contains("nothing was created");
        run(superuser, "GRANT CREATE ON SCHEMA public TO chorus, shop_owner");
        joinCopying(node("c", fresh), fifteen);
        assertThat(column(superuser, "SELECT id || v FROM item")).containsExactly("9uno");
        try (Daemon daemon = Daemon.start(List.of(node("c", fresh)))) {
            assertThat(Orders.awaitReady(eighteen, new NodeName("c"), 60_000, hint -> {}))
                    .as("ready; %s; %s", daemon.states(), Survey.of(eighteen).problems())
                    .isTrue();
            run(as(superuser, "shop_owner"), "DELETE FROM item");
            settle(eighteen);
        }
        assertThat(column(premises.server(15).address("shop"), "SELECT id FROM item")).isEmpty();
    }
}
