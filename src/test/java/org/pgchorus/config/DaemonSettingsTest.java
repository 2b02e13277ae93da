package org.pgchorus.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Where settings stand, which counts, what is refused; and {@code docs/settings.md}. */
class DaemonSettingsTest {
    private static final Path DOCUMENT = Path.of("docs/settings.md");
    private static final String REWRITE = "pgchorus.rewrite.docs";

    private static final String FILE =
            """
            # what this machine serves
            nodes:
              n1: postgresql://postgres@localhost/app   # beside it
              n2: "host=db2 dbname=app user='it is me'"
            http: 127.0.0.1:8008

            log_format: 'json'
            """;

    private static final String HEAD =
            """
            # Settings

            Written down from the lists in the program (`DaemonSetting`, `GroupSetting`) by a
            test: change them there.

            ## Of a daemon

            `pgchorus run` takes them from its command line, from the environment, from the
            file that `--config` or `PGCHORUS_CONFIG` names, and from the defaults, and they
            count in that order. Unknown keys and values that may not be are refused, all at
            once; nothing is corrected.

            ```yaml
            # pgchorus.yaml
            nodes:
              n1: postgresql://postgres@localhost/app
            http: 127.0.0.1:8008
            log_format: json
            ```

            Of YAML the file takes lines of `key: value`, quotes, comments, and the indented
            lines below `nodes:`. Passwords do not belong there: `~/.pgpass`, `passfile=`.

            | key | environment | flag | default | |
            |---|---|---|---|---|
            """;

    private static final String GROUP =
            """

            Besides these the environment has `PGCHORUS_GROUP` (for `--group` of all commands) and
            `PGCHORUS_HTTP_TOKEN` (the token itself, instead of a file).

            ## Of a group

            `pgchorus group set NAME=VALUE`, on every node or on none; `pgchorus group show`. They
            are kept in the databases, so that all nodes have the same.

            | key | default | |
            |---|---|---|
            """;

    private static DaemonSettings of(
            Map<DaemonSetting, String> typed, Map<String, String> environment, String file) {
        return DaemonSettings.of(
                typed, environment, Optional.ofNullable(file).map(SettingsFile::parse));
    }

    /** Every default stands here once more, so that none changes by accident. */
    @Test
    void defaults() {
        assertThat(
                        Arrays.stream(DaemonSetting.values())
                                .collect(
                                        Collectors.toMap(
                                                DaemonSetting::key, DaemonSetting::standard)))
                .isEqualTo(
                        Map.of(
                                "nodes", "",
                                "http", "",
                                "http_token_file", "",
                                "http_tls_cert", "",
                                "http_tls_key", "",
                                "http_tls_client_ca", "",
                                "log_level", "info",
                                "log_format", "text"));
        assertThat(
                        Arrays.stream(GroupSetting.values())
                                .collect(
                                        Collectors.toMap(
                                                GroupSetting::key, GroupSetting::standard)))
                .containsAllEntriesOf(
                        Map.of(
                                "wal_budget", "10GB",
                                "wal_disk", "0B",
                                "slot_overflow", "keep",
                                "failover_slots", "off",
                                "apply_grouping", "on"));
        DaemonSettings none = of(Map.of(), Map.of(), null);
        assertThat(none.nodes()).isEmpty();
        assertThat(none.value(DaemonSetting.LOG_LEVEL)).contains("info");
        assertThat(none.value(DaemonSetting.HTTP)).isEmpty();
    }

    @Test
    void aFileIsRead() {
        DaemonSettings settings = of(Map.of(), Map.of(), FILE);
        assertThat(settings.nodes())
                .extracting(node -> node.name().text(), node -> node.address().database())
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("n1", "app"),
                        org.assertj.core.groups.Tuple.tuple("n2", "app"));
        assertThat(settings.nodes().get(1).address().host()).isEqualTo("db2");
        assertThat(settings.value(DaemonSetting.HTTP)).contains("127.0.0.1:8008");
        assertThat(settings.value(DaemonSetting.LOG_FORMAT)).contains("json");
    }

    @Test
    void theCommandLineCountsBeforeTheEnvironmentAndThatBeforeTheFile() {
        Map<String, String> environment =
                Map.of(
                        "PGCHORUS_LOG_FORMAT", "text",
                        "PGCHORUS_HTTP", "127.0.0.1:1",
                        "PGCHORUS_LOG_LEVEL", "",
                        "PGCHORUS_NODES", "n3=postgresql://db3/app");
        DaemonSettings settings = of(Map.of(DaemonSetting.HTTP, "127.0.0.1:2"), environment, FILE);
        assertThat(settings.value(DaemonSetting.HTTP)).contains("127.0.0.1:2");
        assertThat(settings.value(DaemonSetting.LOG_FORMAT)).contains("text");
        assertThat(settings.value(DaemonSetting.LOG_LEVEL)).contains("info");
        assertThat(settings.nodes())
                .singleElement()
                .extracting(n -> n.name().text())
                .isEqualTo("n3");
    }

    @Test
    void allProblemsAreToldAtOnce() {
        assertThatThrownBy(() ->
                        of(
                                Map.of(DaemonSetting.LOG_LEVEL, "inof"),
                                Map.of("PGCHORUS_LOG_FORMAT", "yaml"),
                                """
                                htpp: 127.0.0.1:8008
                                log_format: text
                                log_format: json
                                nodes:
                                  n1: postgresql://db1/app
                                  n1: postgresql://db2/app
                                  N2: postgresql://db2/app
                                - a list
                                http:
                                  inner: 1
                                """))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(
                        "line 1: there is no setting \"htpp\"; did you mean \"http\"?",
                        "line 3: log_format is there twice",
                        "line 6: node n1 is there twice",
                        "line 8: not understood",
                        "line 9: http has no value",
                        "line 10: inner is indented",
                        "nodes: ",
                        "log_level: \"inof\" is none of",
                        "did you mean \"info\"?",
                        "log_format: \"yaml\" is none of text, json");
    }

    @Test
    void httpsIsNamedInTheFileToo() {
        DaemonSettings settings =
                of(
                        Map.of(DaemonSetting.HTTP_TLS_KEY, "typed.key"),
                        Map.of("PGCHORUS_HTTP_TLS_CLIENT_CA", "said.pem"),
                        "http_tls_cert: filed.pem\nhttp_tls_key: filed.key\n");
        assertThat(settings.value(DaemonSetting.HTTP_TLS_CERT)).contains("filed.pem");
        assertThat(settings.value(DaemonSetting.HTTP_TLS_KEY)).contains("typed.key");
        assertThat(settings.value(DaemonSetting.HTTP_TLS_CLIENT_CA)).contains("said.pem");
        for (String half :
                List.of("http_tls_cert: a", "http_tls_key: a", "http_tls_client_ca: a")) {
            assertThatThrownBy(() -> of(Map.of(), Map.of(), half + "\nlog_level: loud\n"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("belong together", "log_level: \"loud\"");
        }
    }

    @Test
    void theDocumentSaysTheSame() throws IOException {
        String wanted = document();
        if (Boolean.getBoolean(REWRITE)) {
            Files.writeString(DOCUMENT, wanted);
        }
        assertThat(DOCUMENT)
                .as(
                        "rewrite it with: mvn test -Dtest=DaemonSettingsTest -DargLine=-D%s=true",
                        REWRITE)
                .content()
                .isEqualTo(wanted);
    }

    private static String document() {
        StringBuilder text = new StringBuilder(HEAD);
        for (DaemonSetting setting : DaemonSetting.values()) {
            text.append(
                    "| `%s` | `%s` | %s | %s | %s |\n"
                            .formatted(
                                    setting.key(),
                                    setting.variable(),
                                    setting.flag()
                                            .map(flag -> "`" + flag + "`")
                                            .orElse("`NAME=ADDRESS`..."),
                                    setting.standard().isEmpty()
                                            ? ""
                                            : "`" + setting.standard() + "`",
                                    setting.meaning()));
        }
        text.append(GROUP);
        for (GroupSetting setting : GroupSetting.values()) {
            text.append(
                    "| `%s` | `%s` | %s |\n"
                            .formatted(setting.key(), setting.standard(), setting.meaning()));
        }
        return text.toString();
    }

    @Test
    void everyKeyHasItsVariable() {
        assertThat(List.of(DaemonSetting.values()))
                .allMatch(s ->
                        s.variable()
                                .equals("PGCHORUS_" + s.key().toUpperCase(java.util.Locale.ROOT)));
    }
}
