package org.pgchorus.config;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Finds an address's password in the text of a {@code .pgpass} file. Pure.
 *
 * <pre>
 *   host:port:database:user:password      first matching line wins
 *   *                                     as a whole field: anything
 *   \: \\                                 a colon, a backslash
 *   # ...                                 a comment
 * </pre>
 *
 * <p>Source: PostgreSQL manual, "The Password File". The file's permissions are for the reader to
 * check: libpq ignores one that group or others may read, {@link Address#completed} refuses it, but
 * for one of root's that our group may read.
 */
public final class PasswordFile {
    private PasswordFile() {}

    /**
     * The password; of several hosts that of the first that has one, for all.
     *
     * @param address with user and database given or filled in
     */
    public static Optional<String> find(String fileText, Address address) {
        List<String> hosts =
                List.of(address.value(AddressParameter.HOST).orElseGet(address::host).split(","));
        List<Address.Place> places = address.places();
        return IntStream.range(0, places.size())
                .mapToObj(i -> find(fileText, address, hosts.get(i), places.get(i).port()))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<String> find(String fileText, Address address, String host, int port) {
        List<String> wanted =
                List.of(host, Integer.toString(port), address.database(), address.user());
        return fileText.lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> passwordIn(line, wanted))
                .flatMap(Optional::stream)
                .findFirst()
                .filter(password -> !password.isEmpty());
    }

    private static Optional<String> passwordIn(String line, List<String> wanted) {
        int at = 0;
        for (String field : wanted) {
            at = afterField(line, at, field);
            if (at < 0) {
                return Optional.empty();
            }
        }
        return Optional.of(unescaped(line.substring(at)));
    }

    /** Where the next field starts if the one at {@code at} matches, else -1. */
    private static int afterField(String line, int at, String wanted) {
        if (line.startsWith("*:", at)) {
            return at + 2;
        }
        int matched = 0;
        for (int i = at; i < line.length(); i++) {
            if (line.charAt(i) == ':' && matched == wanted.length()) {
                return i + 1;
            }
            if (line.charAt(i) == '\\') {
                i++;
            }
            if (i >= line.length()
                    || matched >= wanted.length()
                    || line.charAt(i) != wanted.charAt(matched++)) {
                return -1;
            }
        }
        return -1;
    }

    private static String unescaped(String password) {
        var out = new StringBuilder(password.length());
        for (int i = 0; i < password.length(); i++) {
            if (password.charAt(i) == '\\' && i + 1 < password.length()) {
                i++;
            }
            out.append(password.charAt(i));
        }
        return out.toString();
    }
}
