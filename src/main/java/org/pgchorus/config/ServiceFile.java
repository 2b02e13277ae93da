package org.pgchorus.config;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds a service in the text of a {@code pg_service.conf}. Pure.
 *
 * <pre>
 *   # comment
 *   [service name]
 *   word=value          no blanks around =, no quotes; the first of a word counts
 * </pre>
 *
 * <p>Source: PostgreSQL manual, "The Connection Service File".
 */
public final class ServiceFile {
    private ServiceFile() {}

    /**
     * The parameters of the service, or empty if the file has no such section.
     *
     * @throws IllegalArgumentException with the line's number, if that section has a line that is
     *     not {@code word=value} or names another service
     */
    public static Optional<Address> find(String fileText, String name) {
        var values = new EnumMap<AddressParameter, String>(AddressParameter.class);
        boolean inside = false;
        boolean seen = false;
        int number = 0;
        for (String raw : fileText.lines().toList()) {
            number++;
            String line = raw.strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            if (line.startsWith("[")) {
                // As in libpq the first section of a name counts, and reading stops after it.
                if (seen) {
                    break;
                }
                inside = line.equals("[" + name + "]");
                seen = inside;
            } else if (inside) {
                readLine(line, number, name, values);
            }
        }
        return seen ? Optional.of(Address.of(values)) : Optional.empty();
    }

    private static void readLine(
            String line, int number, String name, Map<AddressParameter, String> values) {
        String where = "service \"%s\", line %d: ".formatted(name, number);
        int equals = line.indexOf('=');
        if (equals < 0) {
            throw new IllegalArgumentException(where + "not of the form word=value");
        }
        AddressParameter parameter;
        try {
            parameter = AddressParameter.of(line.substring(0, equals));
            parameter.check(line.substring(equals + 1));
        } catch (IllegalArgumentException refused) {
            throw new IllegalArgumentException(where + refused.getMessage(), refused);
        }
        if (parameter == AddressParameter.SERVICE || parameter == AddressParameter.SERVICEFILE) {
            throw new IllegalArgumentException(where + "a service cannot name another service");
        }
        values.putIfAbsent(parameter, line.substring(equals + 1));
    }

    /** Where libpq looks, in this order. */
    static List<String> paths(Optional<String> given, Map<String, String> environment) {
        var paths = new ArrayList<String>();
        Optional<String> own =
                given.or(() -> Optional.ofNullable(environment.get("PGSERVICEFILE")));
        if (own.isPresent()) {
            paths.add(own.get());
        } else if (environment.containsKey("HOME")) {
            paths.add(environment.get("HOME") + "/.pg_service.conf");
        }
        if (environment.containsKey("PGSYSCONFDIR")) {
            paths.add(environment.get("PGSYSCONFDIR") + "/pg_service.conf");
        }
        return paths;
    }
}
