package org.pgchorus.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** Addresses read as libpq reads them, and no password ever comes out but to the driver. */
class AddressTest {
    private static final Map<String, String> NO_FILES_ENV = Map.of("USER", "ann", "HOME", "/h");

    /** Cases after PostgreSQL's own test of URIs, {@code 001_uri.pl} of libpq. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "postgresql://uri-user:secret@host:12345/db | user=uri-user password=secret"
                        + " host=host port=12345 dbname=db",
                "postgresql://uri-user@host:12345/db | user=uri-user host=host port=12345"
                        + " dbname=db",
                "postgresql://host:12345/db | host=host port=12345 dbname=db",
                "postgresql://host/db | host=host dbname=db",
                "postgresql://uri-user@host:12345/ | user=uri-user host=host port=12345",
                "postgresql://uri-user@ | user=uri-user",
                "postgresql://host | host=host",
                "postgres://host:/ | host=host",
                "postgres://:12345/ | port=12345",
                "postgres://@host | host=host",
                "postgresql:// | ''",
                "postgresql://?hostaddr=127.0.0.1 | hostaddr=127.0.0.1",
                "postgresql://example.com?hostaddr=63.1.2.4 | host=example.com hostaddr=63.1.2.4",
                "postgresql://%68ost/ | host=host",
                "postgresql://host/db?u%73er=someotheruser&port=12345 | host=host dbname=db"
                        + " user=someotheruser port=12345",
                "postgresql://a@host:1/db?user=b&port=2&host=h2 | host=h2 dbname=db user=b port=2",
                "postgresql://host? | host=host",
                "postgresql://[::1]:12345/db | host=::1 port=12345 dbname=db",
                "postgresql://[2001:db8::1234]/ | host=2001:db8::1234",
                "postgresql://[::1] | host=::1",
                "postgresql://host?ssl=true | host=host sslmode=require",
                "postgresql://u:p%40ss%2F%20w%3A@h/d%C3%A9 | user=u password='p@ss/ w:' host=h"
                        + " dbname=dé",
                "postgresql://u:a+b@h | user=u password=a+b host=h",
                "'  host = h   port= 5  ' | host=h port=5",
                "host=h password=it\\'s\\\\ | host=h password='it\\'s\\\\'",
                "host=h password='' | host=h",
                "host=h options='-c a=b' | host=h options='-c a=b'",
            })
    void uriSaysWhatWordsSay(String uri, String words) {
        assertThat(Address.parse(uri))
                .isEqualTo(words.isEmpty() ? Address.of(Map.of()) : Address.parse(words));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | is empty",
                "db1 | this is neither",
                "mysql://h/d | this is neither",
                "postgre://h | this is neither",
                "postgresql://host/db?u%7aer=x | unknown connection parameter \"uzer\"; did you"
                        + " mean \"user\"?",
                "postgresql://host?zzz | pairs separated by &",
                "postgresql://host?user=key=value | pairs separated by &",
                "postgres://host?dbname=%XXfoo | two hexadecimal digits",
                "postgresql://a%00b | %00",
                "postgresql://% | two hexadecimal digits",
                "postgresql://%FF%FE/ | not UTF-8",
                "postgres://[::1 | lacks the ]",
                "postgres://[] | is empty",
                "postgres://[::1]z | after the ]",
                "postgresql://h:0/ | port is not a number",
                "postgresql://h:65536/ | port is not a number",
                "postgresql://h1,,h2/d | an empty host among several",
                "postgresql://h1:1,h2:0/d | port is not a number",
                "host=h port=1,2 | 2 ports for 1 host(s)",
                "host=a,b,c port=1,2 | 2 ports for 3 host(s)",
                "host=a,b hostaddr=1.2.3.4,1.2.3.5 | several IP addresses",
                "postgresql://%2Fvar%2Frun/d | over TCP only",
                "host=/tmp | over TCP only",
                "host='a b' | no host name has",
                "sslmod=require | did you mean \"sslmode\"?",
                "application_nmae=x | did you mean \"application_name\"?",
                "sslcrl=x | leave it out",
                "frobnicate=x | unknown connection parameter \"frobnicate\"",
                "host=h sslmode=verify_full | one of disable, allow, prefer, require, verify-ca",
                "host=h connect_timeout=5s | whole number of seconds",
                "host=h dbname='x | lacks its closing quote",
                "host=h dbname | word without =",
                "host=h = x | word without =",
                "host=h hostaddr=1.2.3.4 sslmode=verify-full | leave out hostaddr",
                "client_encoding=latin1 | one of UTF8",
            })
    void wrongAddressIsRefusedWithItsReason(String text, String reason) {
        assertThatThrownBy(() -> Address.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }

    /** Every way to mistype an address whose password is {@code S3cr-t}, or has it as a piece. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql://u:S3cr-t@h:x/d",
                "postgresql://u:S3cr-t/x@h/d",
                "postgresql://u:x/S3cr-t@h/d",
                "postgresql://u:x@S3cr-t@h/d",
                "postgresql://u:x/S3cr-t?a=1@h/d",
                "postgresql://u:x@h/a/S3cr-t?a=1@h/d",
                "postgresql://u:%S3cr-t@h/d",
                "postgresql://u:S3cr-t%00@h/d",
                "postgresql://u@h/d?password=S3cr-t&x",
                "postgresql://u@h/d?password=x=S3cr-t",
                "postgresql://u@h/d?password=x@S3cr-t",
                "postgres:/u:S3cr-t@h/d",
                "u:S3cr-t@h/d",
                "host=h password=x S3cr-t",
                "host=h password=x S3cr-t=y",
                "host=h password='S3cr-t",
                "host=h password=x\\ S3cr-t sslmode=y",
                "host=h password=S3cr-t sslmode=y",
                "host=h sslpassword=x S3cr-t=y",
            })
    void refusalShowsNoPassword(String text) {
        assertThatThrownBy(() -> Address.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .doesNotContain("S3cr");
        assertThatThrownBy(() -> NodeAddress.parse("n1=" + text))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .doesNotContain("S3cr");
    }

    @Test
    void textHasAllButThePasswords() {
        Address address =
                Address.parse(
                        "host=::1 port=5441 dbname='a/b c' user=u@x password=S3cr sslmode=require"
                                + " sslrootcert=/etc/ca.crt sslpassword=S3cr2");
        assertThat(address.text())
                .isEqualTo(
                        "postgresql://u%40x@[::1]:5441/a%2Fb%20c"
                                + "?sslmode=require&sslrootcert=/etc/ca.crt");
        assertThat(address).hasToString(address.text());
        assertThat(Address.parse(address.text())).isEqualTo(address.withoutPassword());
        assertThat(address.password()).contains("S3cr");
        assertThat(address.withoutPassword().password()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql://u@a:1,b:2/d",
                "postgresql://u@a,b/d",
                "postgresql://u@[::1]:1,b:2/d",
                "postgresql://u@a:7,b:7/d?target_session_attrs=any",
            })
    void severalHostsReadBack(String text) {
        assertThat(Address.parse(text).text()).isEqualTo(text);
        assertThat(Address.parse(Address.parse(text).text())).isEqualTo(Address.parse(text));
    }

    @Test
    void ofSeveralHostsThePrimaryIsTheNode() {
        Address address = Address.parse("host=db1,::1 port=5433 user=u dbname=d");
        assertThat(address.places())
                .containsExactly(new Address.Place("db1", 5433), new Address.Place("::1", 5433));
        assertThat(address.jdbcUrl()).isEqualTo("jdbc:postgresql://db1:5433,[::1]:5433/d");
        assertThat(address.jdbcProperties()).containsEntry("targetServerType", "primary");
        assertThat(Address.parse("postgresql://u@a:1,b/d").places())
                .containsExactly(new Address.Place("a", 1), new Address.Place("b", 5432));
        Address any = Address.parse("host=a,b user=u target_session_attrs=any");
        assertThat(any.jdbcProperties()).containsEntry("targetServerType", "any");
        assertThat(Address.parse("host=a user=u").jdbcProperties())
                .doesNotContainKey("targetServerType");
    }

    @Test
    void defaultsAreLibpqs() {
        Address bare = Address.parse("postgresql://").withDefaults(NO_FILES_ENV);
        assertThat(bare.text()).isEqualTo("postgresql://ann@localhost:5432/ann");
        Address given =
                Address.parse("dbname=app")
                        .withDefaults(
                                Map.of(
                                        "PGHOST", "db1",
                                        "PGPORT", "6000",
                                        "PGUSER", "bob",
                                        "PGDATABASE", "other",
                                        "PGPASSWORD", "pw",
                                        "PGSSLMODE", "require",
                                        "PGAPPNAME", ""));
        assertThat(given)
                .isEqualTo(
                        Address.parse(
                                "host=db1 port=6000 user=bob dbname=app password=pw"
                                        + " sslmode=require"));
    }

    @Test
    void aVariablesHostAddressDoesNotMoveANamedHost() {
        var environment = Map.of("PGHOSTADDR", "10.0.0.9", "USER", "u");
        assertThat(Address.parse("host=db1").withDefaults(environment).host()).isEqualTo("db1");
        assertThat(Address.parse("user=u").withDefaults(environment).host()).isEqualTo("10.0.0.9");
    }

    @Test
    void wrongVariableIsNamed() {
        assertThatThrownBy(() -> Address.parse("user=u").withDefaults(Map.of("PGHOST", "/var/run")))
                .hasMessageContaining("environment variable PGHOST")
                .hasMessageContaining("over TCP only");
    }

    @Test
    void serviceThenEnvironmentThenPasswordFile() {
        Map<String, String> files =
                Map.of(
                        "/h/.pg_service.conf", "[prod]\nhost=db1\nport=6000\nuser=svc\n",
                        "/h/.pgpass", "db1:6000:app:svc:S3cr\n");
        var environment = Map.of("HOME", "/h", "PGUSER", "env", "PGDATABASE", "app");
        Address full =
                Address.parse("service=prod port=6000")
                        .completed(
                                environment,
                                path -> Optional.ofNullable(files.get(path)),
                                path -> false);
        assertThat(full)
                .isEqualTo(Address.parse("host=db1 port=6000 user=svc dbname=app password=S3cr"));
        assertThatThrownBy(() ->
                        Address.parse("service=gone")
                                .completed(
                                        environment,
                                        path -> Optional.ofNullable(files.get(path)),
                                        path -> false))
                .hasMessageContaining("service \"gone\" is in no service file")
                .hasMessageContaining("/h/.pg_service.conf");
    }

    @Test
    void aPasswordThatOthersMayReadIsRefused() {
        Address address = Address.parse("host=h user=u dbname=d passfile=/x");
        assertThatThrownBy(() ->
                        address.completed(
                                Map.of(), path -> Optional.of("h:*:*:u:S3cr\n"), path -> true))
                .hasMessage("password file /x may be read by others; cure: chmod 600 /x");
        // A file that has nothing for this address is nobody's business here.
        assertThat(
                        address.completed(
                                        Map.of(),
                                        path -> Optional.of("other:*:*:u:S3cr\n"),
                                        path -> true)
                                .password())
                .isEmpty();
    }

    @Test
    void theDriverGetsEverything() {
        Address address =
                Address.parse(
                        "host=h hostaddr=10.1.1.1 port=7 dbname='a+b/c?' user=u password=p"
                                + " sslmode=verify-ca sslrootcert=/ca sslcert=/c sslkey=/k"
                                + " channel_binding=require connect_timeout=-1 application_name=app"
                                + " target_session_attrs=read-write keepalives=1 passfile=/x");
        assertThat(address.jdbcUrl()).isEqualTo("jdbc:postgresql://10.1.1.1:7/a%2Bb%2Fc%3F");
        var expected = new Properties();
        expected.putAll(
                Map.of("user", "u", "password", "p", "sslmode", "verify-ca", "sslrootcert", "/ca"));
        expected.putAll(Map.of("sslcert", "/c", "sslkey", "/k", "channelBinding", "require"));
        expected.putAll(
                Map.of(
                        "connectTimeout", "0",
                        "ApplicationName", "app",
                        "targetServerType", "primary",
                        "tcpKeepAlive", "true"));
        assertThat(address.jdbcProperties()).isEqualTo(expected);
        assertThat(Address.parse("postgresql://u@[::1]/d").jdbcUrl())
                .isEqualTo("jdbc:postgresql://[::1]:5432/d");
    }

    @Test
    void systemCertificatesAreJavas() {
        assertThat(Address.parse("host=h user=u sslrootcert=system").jdbcProperties())
                .containsEntry("sslmode", "verify-full")
                .containsEntry("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory")
                .doesNotContainKey("sslrootcert");
    }

    @Test
    void aMissingUserIsSaid() {
        assertThatThrownBy(() -> Address.parse("host=h").user())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no user in address postgresql://h");
    }
}
