package org.pgchorus.member;

import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExamineSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How a database orders its texts: indexes, constraints and partitions follow it.
 *
 * @param provider libc, icu or builtin
 * @param locale the provider's own name for it, empty for libc
 */
record Locale(String encoding, String collation, String ctype, String provider, String locale) {
    /** In one aspect two databases differ. */
    record Difference(String aspect, String found, String wanted) {}

    static Locale of(Session session) {
        return session.first(
                        ExamineSql.LOCALE,
                        row ->
                                new Locale(
                                        row.text(1),
                                        row.text(2),
                                        row.text(3),
                                        row.text(4),
                                        row.text(5)))
                .orElseThrow();
    }

    /** In what this one is not like a wanted one. */
    List<Difference> differences(Locale wanted) {
        List<Map.Entry<String, String>> ours = aspects();
        List<Map.Entry<String, String>> theirs = wanted.aspects();
        List<Difference> differences = new ArrayList<>();
        for (int i = 0; i < ours.size(); i++) {
            String found = ours.get(i).getValue();
            String other = theirs.get(i).getValue();
            if (!plain(found).equals(plain(other))) {
                differences.add(new Difference(ours.get(i).getKey(), found, other));
            }
        }
        return differences;
    }

    /** One locale has several spellings, such as en_US.utf8 and en_US.UTF-8. */
    private static String plain(String name) {
        return name.toLowerCase(java.util.Locale.ROOT).replace("-", "");
    }

    private List<Map.Entry<String, String>> aspects() {
        return List.of(
                Map.entry("encoding", encoding),
                Map.entry("collation", collation),
                Map.entry("ctype", ctype),
                Map.entry("locale provider", (provider + " " + locale).strip()));
    }

    /** How a database like it is made. */
    String statement() {
        String own =
                switch (provider) {
                    case "icu" -> " LOCALE_PROVIDER icu ICU_LOCALE " + Sql.literal(locale);
                    case "builtin" ->
                            " LOCALE_PROVIDER builtin BUILTIN_LOCALE " + Sql.literal(locale);
                    default -> "";
                };
        return "CREATE DATABASE ... TEMPLATE template0 ENCODING %s LC_COLLATE %s LC_CTYPE %s%s"
                .formatted(Sql.literal(encoding), Sql.literal(collation), Sql.literal(ctype), own);
    }
}
