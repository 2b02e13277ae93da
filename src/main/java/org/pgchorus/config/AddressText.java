package org.pgchorus.config;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the two text forms of an address into its parameters. Pure.
 *
 * <pre>
 *   postgresql://[user[:password]@][host][:port][,...][/dbname][?word=value[&amp;word=value]...]
 *   word=value [word='quoted value'] ...           backslash escapes, inside quotes and outside
 * </pre>
 *
 * <p>An empty value means "not given". Stricter than libpq in one point: a bare {@code @} after the
 * one that ends the user part is refused, because it nearly always means a password with an
 * unescaped {@code @} or {@code /}, whose rest would become part of a host or database name and be
 * printed.
 *
 * <p>No message shows a value that may be a password, or a piece of one.
 *
 * <p>Source: PostgreSQL manual, "Connection Strings".
 */
final class AddressText {
    private static final String FORMS =
            "an address is a URI such as postgresql://user@host:5432/dbname, or words such as"
                    + " host=db1 port=5432 dbname=app";

    private final String text;
    private final Map<AddressParameter, String> found = new EnumMap<>(AddressParameter.class);
    private String lastWord = "";

    private AddressText(String text) {
        this.text = text;
    }

    static Map<AddressParameter, String> read(String text) {
        var reader = new AddressText(text.strip());
        if (reader.text.isEmpty()) {
            throw new IllegalArgumentException("the address is empty; " + FORMS);
        }
        if (reader.text.startsWith("postgresql://") || reader.text.startsWith("postgres://")) {
            reader.uri();
        } else {
            reader.words();
        }
        return reader.found;
    }

    private void uri() {
        String rest = text.substring(text.indexOf("://") + 3);
        // As in libpq: the user part ends at the first @ that no / precedes.
        int at = rest.indexOf('@');
        int slash = rest.indexOf('/');
        if (at >= 0 && (slash < 0 || at < slash)) {
            userPart(rest.substring(0, at));
            rest = rest.substring(at + 1);
        }
        if (rest.indexOf('@') >= 0) {
            throw new IllegalArgumentException(
                    "the URI has an @ that ends no user part; in user, password and other parts"
                            + " write @ as %40 and / as %2F");
        }
        int query = rest.indexOf('?');
        if (query >= 0) {
            queryPart(rest.substring(query + 1));
            rest = rest.substring(0, query);
        }
        int path = rest.indexOf('/');
        if (path >= 0) {
            putFirst(AddressParameter.DBNAME, rest.substring(path + 1), "database name");
            rest = rest.substring(0, path);
        }
        hostPart(rest);
    }

    private void userPart(String part) {
        int colon = part.indexOf(':');
        putFirst(AddressParameter.USER, colon < 0 ? part : part.substring(0, colon), "user");
        if (colon >= 0) {
            putFirst(AddressParameter.PASSWORD, part.substring(colon + 1), "password");
        }
    }

    private void hostPart(String part) {
        List<String> hosts = new ArrayList<>();
        List<String> ports = new ArrayList<>();
        for (String place : part.split(",", -1)) {
            int hostEnd = hostEnd(place);
            hosts.add(
                    place.startsWith("[")
                            ? place.substring(1, hostEnd - 1)
                            : place.substring(0, hostEnd));
            ports.add(hostEnd < place.length() ? place.substring(hostEnd + 1) : "");
        }
        putFirst(AddressParameter.HOST, String.join(",", hosts), "host");
        if (!ports.stream().allMatch(String::isEmpty)) {
            ports.replaceAll(port -> port.isEmpty() ? Address.DEFAULT_PORT : port);
            putFirst(AddressParameter.PORT, String.join(",", ports), "port");
        }
    }

    /** Where the host ends and, if there is one, the colon before the port is. */
    private static int hostEnd(String place) {
        if (!place.startsWith("[")) {
            int colon = place.indexOf(':');
            return colon < 0 ? place.length() : colon;
        }
        int close = place.indexOf(']');
        if (close < 0) {
            throw new IllegalArgumentException("the URI's host lacks the ] of its IPv6 address");
        }
        if (close == 1) {
            throw new IllegalArgumentException("the URI's IPv6 address is empty");
        }
        if (close + 1 < place.length() && place.charAt(close + 1) != ':') {
            throw new IllegalArgumentException(
                    "after the ] of an IPv6 address only : and a port, or /, may follow");
        }
        return close + 1;
    }

    private void queryPart(String part) {
        if (part.isEmpty()) {
            return;
        }
        for (String pair : part.split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals < 0 || pair.indexOf('=', equals + 1) >= 0) {
                throw new IllegalArgumentException(
                        "after the ? of a URI come word=value pairs separated by &, with one ="
                                + " each; write = in a value as %3D and & as %26");
            }
            String word = Percent.decode(pair.substring(0, equals), "parameter name");
            String value = Percent.decode(pair.substring(equals + 1), "parameter value");
            if (word.equals("ssl") && value.equals("true")) {
                put(AddressParameter.SSLMODE, "require");
            } else {
                put(AddressParameter.of(word), value);
            }
        }
    }

    private void words() {
        int i = 0;
        boolean afterSecret = false;
        while ((i = skipBlanks(i)) < text.length()) {
            int wordEnd = i;
            while (wordEnd < text.length() && !isBlank(wordEnd) && text.charAt(wordEnd) != '=') {
                wordEnd++;
            }
            int equals = skipBlanks(wordEnd);
            if (equals >= text.length() || text.charAt(equals) != '=' || wordEnd == i) {
                throw new IllegalArgumentException(
                        found.isEmpty()
                                ? FORMS + "; this is neither"
                                : "a word without = follows the parameter "
                                        + lastWord
                                        + "; put values with spaces in single quotes");
            }
            String word = text.substring(i, wordEnd);
            if (afterSecret && !AddressParameter.isKnown(word)) {
                throw new IllegalArgumentException(
                        "what follows the "
                                + lastWord
                                + " is no connection parameter; put values with spaces in single"
                                + " quotes");
            }
            AddressParameter parameter = AddressParameter.of(word);
            lastWord = word;
            afterSecret = parameter.secret();
            i = value(parameter, skipBlanks(equals + 1));
        }
    }

    /** Reads one value and returns where it ends. */
    private int value(AddressParameter parameter, int start) {
        boolean quoted = start < text.length() && text.charAt(start) == '\'';
        var value = new StringBuilder();
        int i = quoted ? start + 1 : start;
        while (i < text.length() && (quoted ? text.charAt(i) != '\'' : !isBlank(i))) {
            if (text.charAt(i) == '\\' && i + 1 < text.length()) {
                i++;
            }
            value.append(text.charAt(i++));
        }
        if (quoted && i >= text.length()) {
            throw new IllegalArgumentException(
                    "the quoted value of %s lacks its closing quote".formatted(parameter.word()));
        }
        put(parameter, value.toString());
        return quoted ? i + 1 : i;
    }

    /**
     * Puts a part that stands in front of the query, unless the query has it: the later one wins.
     */
    private void putFirst(AddressParameter parameter, String encoded, String what) {
        String value = Percent.decode(encoded, what);
        if (!found.containsKey(parameter)) {
            put(parameter, value);
        }
    }

    private void put(AddressParameter parameter, String value) {
        if (!value.isEmpty()) {
            parameter.check(value);
            found.put(parameter, value);
        }
    }

    private int skipBlanks(int i) {
        while (i < text.length() && isBlank(i)) {
            i++;
        }
        return i;
    }

    private boolean isBlank(int i) {
        return " \t\n\r\f\u000b".indexOf(text.charAt(i)) >= 0;
    }
}
