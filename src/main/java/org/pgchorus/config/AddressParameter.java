package org.pgchorus.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One connection parameter of libpq that pgchorus honours, with its environment variable.
 *
 * <p>What libpq knows and the JDBC driver has no counterpart for is refused by name, never dropped:
 * an operator who wrote {@code sslcrl} relies on it.
 *
 * <p>Source: PostgreSQL manual, "Parameter Key Words" and "Environment Variables" of libpq.
 */
public enum AddressParameter {
    HOST("PGHOST"),
    HOSTADDR("PGHOSTADDR"),
    PORT("PGPORT"),
    DBNAME("PGDATABASE"),
    USER("PGUSER"),
    PASSWORD("PGPASSWORD"),
    PASSFILE("PGPASSFILE"),
    SERVICE("PGSERVICE"),
    SERVICEFILE("PGSERVICEFILE"),
    APPLICATION_NAME("PGAPPNAME"),
    FALLBACK_APPLICATION_NAME(""),
    CONNECT_TIMEOUT("PGCONNECT_TIMEOUT"),
    KEEPALIVES("", "0", "1"),
    OPTIONS("PGOPTIONS"),
    // PGCLIENTENCODING is not honoured: it speaks of the terminal, and the driver talks UTF8 only.
    CLIENT_ENCODING("", "UTF8", "UTF-8", "auto"),
    SSLMODE("PGSSLMODE", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    SSLNEGOTIATION("PGSSLNEGOTIATION", "postgres", "direct"),
    SSLROOTCERT("PGSSLROOTCERT"),
    SSLCERT("PGSSLCERT"),
    SSLKEY("PGSSLKEY"),
    SSLPASSWORD(""),
    CHANNEL_BINDING("PGCHANNELBINDING", "disable", "prefer", "require"),
    REQUIRE_AUTH("PGREQUIREAUTH"),
    GSSENCMODE("PGGSSENCMODE", "disable", "prefer", "require"),
    KRBSRVNAME("PGKRBSRVNAME"),
    TARGET_SESSION_ATTRS(
            "PGTARGETSESSIONATTRS",
            "any",
            "read-write",
            "read-only",
            "primary",
            "standby",
            "prefer-standby");

    private static final Map<String, AddressParameter> BY_WORD =
            Arrays.stream(values()).collect(Collectors.toMap(AddressParameter::word, p -> p));

    private static final Set<String> KNOWN_TO_LIBPQ_ONLY =
            Set.of(
                    "gssdelegation",
                    "gsslib",
                    "keepalives_count",
                    "keepalives_idle",
                    "keepalives_interval",
                    "load_balance_hosts",
                    "max_protocol_version",
                    "min_protocol_version",
                    "oauth_client_id",
                    "oauth_client_secret",
                    "oauth_issuer",
                    "oauth_scope",
                    "replication",
                    "requirepeer",
                    "requiressl",
                    "scram_client_key",
                    "scram_server_key",
                    "ssl_max_protocol_version",
                    "ssl_min_protocol_version",
                    "sslcertmode",
                    "sslcompression",
                    "sslcrl",
                    "sslcrldir",
                    "sslkeylogfile",
                    "sslsni",
                    "tcp_user_timeout");

    private final String variable;
    private final List<String> values;

    AddressParameter(String variable, String... values) {
        this.variable = variable;
        this.values = List.of(values);
    }

    /** The key word, as in {@code sslmode}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The environment variable libpq reads for it, such as {@code PGSSLMODE}. */
    public Optional<String> variable() {
        return variable.isEmpty() ? Optional.empty() : Optional.of(variable);
    }

    /** Whether the value must never be stored in a database or printed. */
    public boolean secret() {
        return this == PASSWORD || this == SSLPASSWORD;
    }

    /**
     * The parameter of this key word.
     *
     * @throws IllegalArgumentException if there is none, naming the nearest one
     */
    static AddressParameter of(String word) {
        AddressParameter found = BY_WORD.get(word);
        if (found != null) {
            return found;
        }
        if (KNOWN_TO_LIBPQ_ONLY.contains(word)) {
            throw new IllegalArgumentException(
                    ("connection parameter \"%s\" is libpq's, but pgchorus connections do not have"
                                    + " it; leave it out")
                            .formatted(word));
        }
        throw new IllegalArgumentException(
                "unknown connection parameter \"%s\"%s"
                        .formatted(word, Nearest.hint(word, BY_WORD.keySet())));
    }

    static boolean isKnown(String word) {
        return BY_WORD.containsKey(word) || KNOWN_TO_LIBPQ_ONLY.contains(word);
    }

    /** Refuses a value this parameter cannot have; the message shows it unless it is secret. */
    void check(String value) {
        if (value.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(word() + " must not contain a zero character");
        }
        if (!values.isEmpty() && !values.contains(value)) {
            throw new IllegalArgumentException(
                    "%s \"%s\" is not allowed: one of %s"
                            .formatted(word(), value, String.join(", ", values)));
        }
        if (this == HOST) {
            HostForm.checkHosts(value);
        } else if (this == HOSTADDR) {
            HostForm.checkHost(value);
        } else if (this == PORT) {
            HostForm.checkPorts(value);
        } else if (this == CONNECT_TIMEOUT && !value.matches("-?[0-9]{1,9}")) {
            throw new IllegalArgumentException(
                    "%s \"%s\" is not a whole number of seconds".formatted(word(), value));
        }
    }
}
