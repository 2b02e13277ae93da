package org.pgchorus.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A setting of a daemon: its name in the file and in the environment, its flag, its default, and
 * what it may be. The one list of them. Pure.
 */
public enum DaemonSetting {
    NODES(
            "nodes",
            "",
            "",
            "the nodes to serve, by name: in the file a map of addresses; in the environment and on"
                    + " the command line words such as n1=postgresql://postgres@localhost/app",
            DaemonSetting::nodes),
    HTTP(
            "http",
            "--http",
            "",
            "where to answer HTTP, HOST:PORT; nowhere without it; only 127.0.0.1 and its like"
                    + " without a token",
            DaemonSetting::place),
    HTTP_TOKEN_FILE(
            "http_token_file",
            "--http-token-file",
            "",
            "a file with the token that every HTTP request has to carry",
            text -> text),
    HTTP_TLS_CERT(
            "http_tls_cert",
            "--http-tls-cert",
            "",
            "answer HTTPS: a file with the certificate in PEM form, and those that lead to its"
                    + " root",
            text -> text),
    HTTP_TLS_KEY(
            "http_tls_key",
            "--http-tls-key",
            "",
            "a file with the certificate's key, PKCS#8 in PEM form",
            text -> text),
    HTTP_TLS_CLIENT_CA(
            "http_tls_client_ca",
            "--http-tls-client-ca",
            "",
            "a file with roots of clients' certificates: who shows one of theirs needs no token",
            text -> text),
    LOG_LEVEL(
            "log_level",
            "--log-level",
            "info",
            "how much is logged: off, error, warn, info, debug or trace",
            text -> oneOf(text.toLowerCase(Locale.ROOT), Levels.ALL)),
    LOG_FORMAT(
            "log_format",
            "--log-format",
            "text",
            "how it is logged: text, or json for one object a line",
            text -> oneOf(text, List.of("text", "json")));

    /** In a class of its own, since constants are made before what is static here. */
    private static final class Levels {
        static final List<String> ALL = List.of("off", "error", "warn", "info", "debug", "trace");
    }

    private final String key;
    private final String flag;
    private final String standard;
    private final String meaning;
    private final UnaryOperator<String> reader;

    DaemonSetting(
            String key,
            String flag,
            String standard,
            String meaning,
            UnaryOperator<String> reader) {
        this.key = key;
        this.flag = flag;
        this.standard = standard;
        this.meaning = meaning;
        this.reader = reader;
    }

    /** As it stands in the file. */
    public String key() {
        return key;
    }

    /** As it stands in the environment. */
    public String variable() {
        return "PGCHORUS_" + name();
    }

    /** As it is typed; empty if it is typed without one. */
    public Optional<String> flag() {
        return Optional.of(flag).filter(text -> !text.isEmpty());
    }

    /** What counts when nothing is said; empty for nothing. */
    public String standard() {
        return standard;
    }

    /** In a few words. */
    public String meaning() {
        return meaning;
    }

    /**
     * The value as it is used.
     *
     * @throws IllegalArgumentException if it may not be that
     */
    public String canonical(String value) {
        return reader.apply(value);
    }

    /** The one of that name in a file, if there is one. */
    public static Optional<DaemonSetting> named(String key) {
        return Arrays.stream(values()).filter(setting -> setting.key.equals(key)).findFirst();
    }

    /** All names. */
    public static List<String> keys() {
        return Arrays.stream(values()).map(DaemonSetting::key).toList();
    }

    private static String nodes(String text) {
        for (String word : text.strip().split("\\s+")) {
            NodeAddress.parse(word);
        }
        return text.strip();
    }

    private static String place(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 0 || !text.substring(colon + 1).matches("\\d{1,5}")) {
            throw new IllegalArgumentException("\"%s\" is not HOST:PORT".formatted(text));
        }
        return text;
    }

    private static String oneOf(String text, List<String> known) {
        if (!known.contains(text)) {
            throw new IllegalArgumentException(
                    "\"%s\" is none of %s%s"
                            .formatted(text, String.join(", ", known), Nearest.hint(text, known)));
        }
        return text;
    }
}
