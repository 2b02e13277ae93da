package org.pgchorus.config;

import static org.pgchorus.config.AddressParameter.DBNAME;
import static org.pgchorus.config.AddressParameter.HOST;
import static org.pgchorus.config.AddressParameter.HOSTADDR;
import static org.pgchorus.config.AddressParameter.PASSFILE;
import static org.pgchorus.config.AddressParameter.PASSWORD;
import static org.pgchorus.config.AddressParameter.PORT;
import static org.pgchorus.config.AddressParameter.SERVICE;
import static org.pgchorus.config.AddressParameter.SERVICEFILE;
import static org.pgchorus.config.AddressParameter.SSLMODE;
import static org.pgchorus.config.AddressParameter.USER;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Where one database is and how to connect to it, in libpq's terms. With several hosts it is on
 * whichever of them is the primary.
 *
 * <p>Immutable; may be shared between threads. Holds only what was given: {@link #completed} adds
 * what libpq would add from service file, environment and password file. {@link #text} and {@link
 * #toString} never show a password, so an address may be printed anywhere; {@link #jdbcProperties}
 * has it and must not be.
 *
 * <p>Source: PostgreSQL manual, "Database Connection Control Functions".
 */
public final class Address {
    static final String DEFAULT_PORT = "5432";

    private final Map<AddressParameter, String> values;

    /** Refuses combinations the driver cannot honour; single values were checked when read. */
    private Address(Map<AddressParameter, String> values) {
        this.values = new EnumMap<>(AddressParameter.class);
        this.values.putAll(values);
        if (values.containsKey(PORT)) {
            HostForm.checkCounts(values.getOrDefault(HOST, ""), values.get(PORT));
        }
        if (values.containsKey(HOST)
                && values.containsKey(HOSTADDR)
                && "verify-full".equals(values.get(SSLMODE))) {
            throw new IllegalArgumentException(
                    "hostaddr together with host and sslmode=verify-full: the certificate would be"
                            + " compared with the wrong name; leave out hostaddr");
        }
    }

    /**
     * Reads a URI ({@code postgresql://user@host:port/db?sslmode=verify-full}, {@code postgres://}
     * too) or {@code key=value} words.
     *
     * @throws IllegalArgumentException if the text is neither, names an unknown parameter (the
     *     nearest known one is in the message) or a Unix socket
     */
    public static Address parse(String text) {
        return new Address(AddressText.read(text));
    }

    /** An address of the given parameters; empty values count as not given. */
    public static Address of(Map<AddressParameter, String> values) {
        var checked = new EnumMap<AddressParameter, String>(AddressParameter.class);
        values.forEach((parameter, value) -> {
            if (!value.isEmpty()) {
                parameter.check(value);
                checked.put(parameter, value);
            }
        });
        return new Address(checked);
    }

    /**
     * Adds all that libpq would add: the service's values, {@code PG*} variables, defaults, and the
     * password from the password file. The result names no service any more, its values are in it.
     *
     * @param environment the environment variables, {@code HOME} and {@code USER} among them
     * @param files the text of the file at a path, or empty if there is none that may be read
     * @param openToOthers whether other users of the machine may read the file at a path
     * @throws IllegalArgumentException if a named service is in no service file, a variable or
     *     service holds a value that is not allowed, or the password is in a file that others may
     *     read
     */
    public Address completed(
            Map<String, String> environment,
            Function<String, Optional<String>> files,
            Predicate<String> openToOthers) {
        Address full = withService(environment, files).withDefaults(environment);
        if (full.value(PASSWORD).isPresent()) {
            return full;
        }
        Optional<String> path =
                full.value(PASSFILE)
                        .or(() ->
                                Optional.ofNullable(environment.get("HOME"))
                                        .map(h -> h + "/.pgpass"));
        Optional<String> found = path.flatMap(files).flatMap(text -> PasswordFile.find(text, full));
        if (found.isPresent() && openToOthers.test(path.orElseThrow())) {
            throw new IllegalArgumentException(
                    "password file %1$s may be read by others; cure: chmod 600 %1$s"
                            .formatted(path.orElseThrow()));
        }
        return found.map(full::withPassword).orElse(full);
    }

    private Address withService(
            Map<String, String> environment, Function<String, Optional<String>> files) {
        Optional<String> name =
                value(SERVICE).or(() -> Optional.ofNullable(environment.get("PGSERVICE")));
        if (name.isEmpty() || name.get().isEmpty()) {
            return this;
        }
        List<String> paths = ServiceFile.paths(value(SERVICEFILE), environment);
        for (String path : paths) {
            Optional<Address> service =
                    files.apply(path).flatMap(text -> ServiceFile.find(text, name.get()));
            if (service.isPresent()) {
                return without(SERVICE, SERVICEFILE).filledFrom(service.get());
            }
        }
        throw new IllegalArgumentException(
                "service \"%s\" is in no service file; looked in: %s"
                        .formatted(name.get(), String.join(", ", paths)));
    }

    /**
     * Adds what the {@code PG*} variables say where this address says nothing, then the defaults:
     * host {@code localhost}, port 5432, user {@code USER}, database the user's name.
     *
     * <p>{@code PGHOSTADDR} counts only where no host is given: with several nodes at hand it would
     * send every one of them to the same server. Services and password files: {@link #completed}.
     *
     * @throws IllegalArgumentException naming the variable, if its value is not allowed
     */
    public Address withDefaults(Map<String, String> environment) {
        var filled = new EnumMap<>(values);
        for (AddressParameter parameter : AddressParameter.values()) {
            String value = parameter.variable().map(environment::get).orElse("");
            if (value.isEmpty()
                    || filled.containsKey(parameter)
                    || parameter == SERVICE
                    || parameter == SERVICEFILE
                    || parameter == HOST && values.containsKey(HOSTADDR)
                    || parameter == HOSTADDR && values.containsKey(HOST)) {
                continue;
            }
            try {
                parameter.check(value);
            } catch (IllegalArgumentException refused) {
                throw new IllegalArgumentException(
                        "environment variable %s: %s"
                                .formatted(parameter.variable().orElse(""), refused.getMessage()),
                        refused);
            }
            filled.put(parameter, value);
        }
        if (!filled.containsKey(HOSTADDR)) {
            filled.putIfAbsent(HOST, "localhost");
        }
        filled.putIfAbsent(PORT, DEFAULT_PORT);
        String osUser = environment.getOrDefault("USER", "");
        if (!osUser.isEmpty()) {
            filled.putIfAbsent(USER, osUser);
        }
        if (filled.containsKey(USER)) {
            filled.putIfAbsent(DBNAME, filled.get(USER));
        }
        return new Address(filled);
    }

    /** This address, and from the other one what this lacks. */
    public Address filledFrom(Address other) {
        var filled = new EnumMap<>(other.values);
        filled.putAll(values);
        return new Address(filled);
    }

    /** This address with one parameter set to the given value, or unset if it is empty. */
    public Address with(AddressParameter parameter, String value) {
        if (value.isEmpty()) {
            return without(parameter);
        }
        parameter.check(value);
        var changed = new EnumMap<>(values);
        changed.put(parameter, value);
        return new Address(changed);
    }

    public Address withPassword(String password) {
        return with(PASSWORD, password);
    }

    /** This address with no secret in it; equal to what {@link #text} reads as. */
    public Address withoutPassword() {
        return without(PASSWORD, AddressParameter.SSLPASSWORD);
    }

    private Address without(AddressParameter... parameters) {
        var fewer = new EnumMap<>(values);
        for (AddressParameter parameter : parameters) {
            fewer.remove(parameter);
        }
        return new Address(fewer);
    }

    /** What was given or filled in for one parameter. */
    public Optional<String> value(AddressParameter parameter) {
        return Optional.ofNullable(values.get(parameter));
    }

    /**
     * A server to connect to.
     *
     * @param host its name or IP address, IPv6 without brackets
     */
    public record Place(String host, int port) {}

    /** The servers to connect to, in this order: one, or a primary and its standbys. */
    public List<Place> places() {
        List<String> hosts =
                List.of(value(HOSTADDR).or(() -> value(HOST)).orElse("localhost").split(","));
        List<String> ports = List.of(value(PORT).orElse(DEFAULT_PORT).split(","));
        return IntStream.range(0, hosts.size())
                .mapToObj(i ->
                        new Place(
                                hosts.get(i),
                                Integer.parseInt(ports.get(ports.size() == 1 ? 0 : i))))
                .toList();
    }

    /** The first of the {@link #places}. */
    public String host() {
        return places().getFirst().host();
    }

    /** The port of the first of the {@link #places}. */
    public int port() {
        return places().getFirst().port();
    }

    /**
     * @throws IllegalStateException if neither a database nor a user is given
     */
    public String database() {
        return value(DBNAME).orElseGet(this::user);
    }

    /**
     * @throws IllegalStateException if no user is given
     */
    public String user() {
        return value(USER)
                .orElseThrow(() ->
                        new IllegalStateException(
                                "no user in address " + text() + "; name one in it or in PGUSER"));
    }

    public Optional<String> password() {
        return value(PASSWORD);
    }

    /** The address as a URI without any password: for catalogs, logs and people. */
    public String text() {
        return AddressWriter.uri(values);
    }

    /** Host, port and database for the JDBC driver; all else is in {@link #jdbcProperties}. */
    public String jdbcUrl() {
        return AddressWriter.jdbcUrl(this);
    }

    /** The driver's properties, the password among them; a fresh object at each call. */
    public Properties jdbcProperties() {
        return AddressWriter.jdbcProperties(this);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Address address && values.equals(address.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    /** As {@link #text}: no password. */
    @Override
    public String toString() {
        return text();
    }
}
