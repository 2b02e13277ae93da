package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.pgchorus.scenario.Premises.node;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Verification;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.Session;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Two servers that let nobody in but over TLS and with SCRAM, one of them only with a client's
 * certificate besides; and what cannot be trusted, which is refused.
 */
@Timeout(200)
class SecureScenario {
    private static final String PASSWORD = "s3aled-and-delivered";
    private static final String WRONG = "n0t-the-one";

    private static final String RULES =
            """
            hostssl all chorus all scram-sha-256 %s
            hostssl all trusted all trust
            hostssl all hashed all md5
            host all unsealed all scram-sha-256
            """;

    private static final String ALL_ENCRYPTED =
            """
            SELECT count(*) > 0 AND bool_and(s.ssl AND (s.client_dn IS NOT NULL) = %s)
            FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
            WHERE a.client_addr IS NOT NULL AND a.backend_type %s\
            """;

    @TempDir private static Path folder;

    private static EmbeddedServer first;
    private static EmbeddedServer strict;
    private static Authority authority;
    private static Address sealed;
    private static Address certified;
    private static String withoutTls;

    @BeforeAll
    static void start() throws IOException {
        authority = new Authority(Files.createDirectory(folder.resolve("ours")), "ours");
        authority.sign("server", "dns:localhost");
        authority.sign("chorus", "");
        authority.sign("somebody", "");
        first = EmbeddedServer.start(15);
        strict = EmbeddedServer.start(18);
        sealed = address(first).with(AddressParameter.PASSFILE, passwords("pass", PASSWORD));
        certified =
                withCertificate(
                        address(strict).with(AddressParameter.PASSFILE, passwords("p2", PASSWORD)),
                        "chorus");
        for (EmbeddedServer server : List.of(first, strict)) {
            server.createDatabase("app");
            Premises.run(
                    server.address("app"),
                    "CREATE ROLE chorus SUPERUSER LOGIN PASSWORD '%s'".formatted(PASSWORD),
                    "CREATE ROLE trusted LOGIN",
                    "CREATE ROLE unsealed LOGIN PASSWORD '%s'".formatted(PASSWORD),
                    "SET password_encryption = 'md5'",
                    "CREATE ROLE hashed LOGIN PASSWORD '%s'".formatted(PASSWORD));
        }
        withoutTls = said(sealed);
        Premises.run(
                first.address("app"),
                "CREATE TABLE item (id int PRIMARY KEY, v text)",
                "INSERT INTO item SELECT g, 'row ' || g FROM generate_series(1, 1000) g");
        demand(first, "");
        demand(strict, "clientcert=verify-full");
    }

    @AfterAll
    static void stop() {
        try (EmbeddedServer _ = first;
                EmbeddedServer _ = strict) {
            assertThat(first).isNotNull();
        }
    }

    private static Address address(EmbeddedServer server) {
        return server.address("app")
                .with(AddressParameter.HOST, "localhost")
                .with(AddressParameter.USER, "chorus")
                .with(AddressParameter.SSLMODE, "verify-full")
                .with(AddressParameter.SSLROOTCERT, authority.root().toString())
                .with(AddressParameter.CHANNEL_BINDING, "require");
    }

    private static Address withCertificate(Address address, String name) {
        return address.with(AddressParameter.SSLCERT, authority.certificateOf(name).toString())
                .with(AddressParameter.SSLKEY, authority.keyOf(name).toString());
    }

    private static String passwords(String file, String password) throws IOException {
        Path path = Files.writeString(folder.resolve(file), "localhost:*:*:*:" + password + "\n");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        return path.toString();
    }

    /** From now on there is no other way in. */
    private static void demand(EmbeddedServer server, String more) throws IOException {
        authority.equip(server.address("app"), "server");
        Files.writeString(server.dataDirectory().resolve("pg_hba.conf"), RULES.formatted(more));
        Premises.run(server.address("app"), "SELECT pg_reload_conf()");
        TestGroup.await(
                "the new rules count", () -> said(server.address("app")).contains("pg_hba.conf"));
    }

    /** What a refusal says, with all that caused it; empty if there was none. */
    private static String said(Address address) {
        StringBuilder text = new StringBuilder();
        for (Throwable t = catchThrowable(() -> Orders.check(address, 1));
                t != null;
                t = t.getCause()) {
            text.append(t).append('\n');
        }
        return text.toString();
    }

    private static List<String> rows(Address address, String question) {
        try (Session session = Session.open(address, "test")) {
            return session.query(question, row -> row.text(1));
        }
    }

    private static void run(Address address, String... statements) {
        try (Session session = Session.open(address, "test")) {
            for (String statement : statements) {
                session.execute(statement);
            }
        }
    }

    @Test
    void aGroupFormsAndReplicatesOverWhatIsDemanded() throws InterruptedException {
        assumeTrue(BadInputScenario.pgDumpFor(15), "no pg_dump is here");
        Orders.createGroup(node("a", sealed), List.of());
        NodeName b = new NodeName("b");
        try (Daemon daemon = Daemon.start(List.of(node("a", sealed), node("b", certified)))) {
            Premises.joinCopying(node("b", certified), sealed);
            assertThat(Orders.awaitReady(sealed, b, 60_000, hint -> {}))
                    .as("ready; %s; %s", daemon.states(), Survey.of(sealed).problems())
                    .isTrue();
            run(sealed, "INSERT INTO item VALUES (2000, 'from a')");
            run(certified, "UPDATE item SET v = 'from b' WHERE id = 1");
            assertThat(
                            Waiting.untilApplied(
                                    sealed,
                                    Duration.ofSeconds(60),
                                    Optional.empty(),
                                    Optional.empty()))
                    .isEmpty();
            for (Address node : List.of(sealed, certified)) {
                assertThat(rows(node, "SELECT v FROM item WHERE id IN (1, 2000) ORDER BY id"))
                        .containsExactly("from b", "from a");
                String shown = Boolean.toString(node.equals(certified));
                for (String kind : List.of("= 'client backend'", "= 'walsender'")) {
                    assertThat(rows(node, ALL_ENCRYPTED.formatted(shown, kind)))
                            .as("%s %s", node, kind)
                            .containsExactly("t");
                }
            }
            Status status = Survey.of(sealed);
            assertThat(status.problems()).isEmpty();
            assertThat(status.toString()).doesNotContain(PASSWORD);
            Verification.Request all =
                    new Verification.Request(List.of(), List.of(), Duration.ofSeconds(60), 10);
            assertThat(Verification.of(sealed, all).isEqual()).isTrue();
        }
    }

    /** What it is about, what happened, what helps; and no password. */
    private static void assertRefused(Address address, String detail, String cure) {
        assertRefused(said(address), address, detail, cure);
    }

    private static void assertRefused(String said, Address address, String detail, String cure) {
        assertThat(said)
                .contains("cannot connect to " + address.text())
                .contains(detail)
                .contains("; cure: ")
                .contains(cure)
                .doesNotContain(PASSWORD)
                .doesNotContain(WRONG);
    }

    @Test
    void aServerOfAnotherAuthorityIsRefused() throws IOException {
        Authority stranger =
                new Authority(Files.createDirectory(folder.resolve("strange")), "a stranger");
        assertRefused(
                sealed.with(AddressParameter.SSLROOTCERT, stranger.root().toString()),
                "unable to find valid certification path",
                "name in sslrootcert");
        assertRefused(
                sealed.with(AddressParameter.SSLROOTCERT, "/nowhere/root.crt"),
                "/nowhere/root.crt",
                "name in sslrootcert");
    }

    @Test
    void aServerOfAnotherNameIsRefused() {
        assertRefused(
                sealed.with(AddressParameter.HOST, "127.0.0.1"),
                "127.0.0.1 could not be verified",
                "connect by a name that stands in the server's certificate");
    }

    @Test
    void aServerThatDoesNotEncryptIsRefused() {
        assertRefused(withoutTls, sealed, "does not support SSL", "set ssl = on at the server");
        assertRefused(
                sealed.with(AddressParameter.SSLMODE, "disable"), "no encryption", "pg_hba.conf");
    }

    @Test
    void aServerThatDoesNotProveThatItKnowsThePasswordIsRefused() {
        Address trusted = sealed.with(AddressParameter.USER, "trusted");
        assertRefused(trusted, "server skipped authentication", "hostssl ... scram-sha-256");
        Address hashed = sealed.with(AddressParameter.USER, "hashed");
        assertRefused(hashed, "but server requested 'md5'", "hostssl ... scram-sha-256");
        Address unsealed =
                sealed.with(AddressParameter.USER, "unsealed")
                        .with(AddressParameter.SSLMODE, "disable");
        assertRefused(unsealed, "but SSL is not in use", "encrypt (sslmode=verify-full)");
    }

    @Test
    void aWrongPasswordIsRefusedAndNotSaid() throws IOException {
        Address wrong = sealed.with(AddressParameter.PASSFILE, passwords("wrong", WRONG));
        assertRefused(
                wrong, "password authentication failed for user \"chorus\"", "the right password");
        assertRefused(sealed.withPassword(WRONG), "password authentication", "the right password");
        Address none = sealed.with(AddressParameter.PASSFILE, folder.resolve("none").toString());
        assertRefused(none, "no password was provided", "the right password in PGPASSWORD");
        Path open = Path.of(passwords("open", PASSWORD));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r-----"));
        assertThat(said(sealed.with(AddressParameter.PASSFILE, open.toString())))
                .contains(
                        "password file %1$s may be read by others; cure: chmod 600".formatted(open))
                .doesNotContain(PASSWORD);
    }

    @Test
    void aClientWithoutTheCertificateIsRefused() {
        Address without =
                certified.with(AddressParameter.SSLCERT, "").with(AddressParameter.SSLKEY, "");
        assertRefused(without, "requires a valid client certificate", "name in sslcert and sslkey");
        // The server tells nobody but its log that it was the certificate's name.
        assertRefused(
                withCertificate(certified, "somebody"),
                "authentication failed for user \"chorus\"",
                "the right password");
        Address noKey = certified.with(AddressParameter.SSLKEY, authority.root().toString());
        assertRefused(noKey, "authority.crt", "name in sslkey the key of sslcert");
    }
}
