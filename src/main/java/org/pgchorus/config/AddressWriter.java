package org.pgchorus.config;

import static org.pgchorus.config.AddressParameter.DBNAME;
import static org.pgchorus.config.AddressParameter.HOST;
import static org.pgchorus.config.AddressParameter.PORT;
import static org.pgchorus.config.AddressParameter.USER;

import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Writes an address: as a URI without secrets, and as the JDBC driver wants it. Pure.
 *
 * <p>Source: pgjdbc's documentation, "Connection Parameters".
 */
final class AddressWriter {
    private static final Set<AddressParameter> BEFORE_THE_QUERY =
            EnumSet.of(HOST, PORT, DBNAME, USER);

    private AddressWriter() {}

    static String uri(Map<AddressParameter, String> values) {
        var uri = new StringBuilder("postgresql://");
        if (values.containsKey(USER)) {
            uri.append(Percent.encode(values.get(USER), "")).append('@');
        }
        uri.append(places(values));
        if (values.containsKey(DBNAME)) {
            uri.append('/').append(Percent.encode(values.get(DBNAME), ""));
        }
        char separator = '?';
        for (var entry : values.entrySet()) {
            AddressParameter parameter = entry.getKey();
            if (parameter.secret() || BEFORE_THE_QUERY.contains(parameter)) {
                continue;
            }
            uri.append(separator).append(parameter.word()).append('=');
            uri.append(Percent.encode(entry.getValue(), "/:,"));
            separator = '&';
        }
        return uri.toString();
    }

    /** Hosts with their ports, as far as they are given. */
    private static String places(Map<AddressParameter, String> values) {
        String[] hosts = values.getOrDefault(HOST, "").split(",");
        String[] ports = values.getOrDefault(PORT, "").split(",");
        var text = new StringBuilder();
        for (int i = 0; i < hosts.length; i++) {
            String port = ports[ports.length == 1 ? 0 : i];
            text.append(i == 0 ? "" : ",")
                    .append(hostPart(Percent.encode(hosts[i], ":")))
                    .append(port.isEmpty() ? "" : ":" + port);
        }
        return text.toString();
    }

    static String jdbcUrl(Address address) {
        String places =
                address.places().stream()
                        .map(place -> hostPart(place.host()) + ":" + place.port())
                        .collect(Collectors.joining(","));
        return "jdbc:postgresql://%s/%s".formatted(places, Percent.encode(address.database(), ""));
    }

    private static String hostPart(String host) {
        return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    }

    static Properties jdbcProperties(Address address) {
        var properties = new Properties();
        properties.setProperty("user", address.user());
        for (AddressParameter parameter : AddressParameter.values()) {
            Optional<String> name = jdbcName(parameter);
            Optional<String> value = address.value(parameter);
            if (name.isPresent() && value.isPresent()) {
                properties.setProperty(name.get(), jdbcValue(parameter, value.get()));
            }
        }
        if (address.places().size() > 1) {
            // A node is where it can be written.
            properties.putIfAbsent("targetServerType", "primary");
        }
        // libpq's word for "the certificate authorities this machine trusts".
        if ("system".equals(properties.getProperty("sslrootcert"))) {
            properties.remove("sslrootcert");
            properties.setProperty("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory");
            properties.putIfAbsent("sslmode", "verify-full");
        }
        return properties;
    }

    /** The driver's property; empty if the value is in the URL or was used up before. */
    private static Optional<String> jdbcName(AddressParameter parameter) {
        return switch (parameter) {
            case HOST, HOSTADDR, PORT, DBNAME, USER -> Optional.empty();
            case PASSFILE, SERVICE, SERVICEFILE, CLIENT_ENCODING -> Optional.empty();
            case FALLBACK_APPLICATION_NAME, APPLICATION_NAME -> Optional.of("ApplicationName");
            case CONNECT_TIMEOUT -> Optional.of("connectTimeout");
            case KEEPALIVES -> Optional.of("tcpKeepAlive");
            case PASSWORD, OPTIONS, SSLMODE -> Optional.of(parameter.word());
            case SSLROOTCERT, SSLCERT, SSLKEY, SSLPASSWORD -> Optional.of(parameter.word());
            case SSLNEGOTIATION -> Optional.of("sslNegotiation");
            case CHANNEL_BINDING -> Optional.of("channelBinding");
            case REQUIRE_AUTH -> Optional.of("requireAuth");
            case GSSENCMODE -> Optional.of("gssEncMode");
            case KRBSRVNAME -> Optional.of("kerberosServerName");
            case TARGET_SESSION_ATTRS -> Optional.of("targetServerType");
        };
    }

    private static String jdbcValue(AddressParameter parameter, String value) {
        return switch (parameter) {
            // libpq: zero, negative or absent waits for ever; the driver: zero.
            case CONNECT_TIMEOUT -> value.startsWith("-") ? "0" : value;
            case KEEPALIVES -> Boolean.toString(value.equals("1"));
            case TARGET_SESSION_ATTRS ->
                    switch (value) {
                        case "read-write", "primary" -> "primary";
                        case "read-only", "standby" -> "secondary";
                        case "prefer-standby" -> "preferSecondary";
                        default -> value;
                    };
            default -> value;
        };
    }
}
