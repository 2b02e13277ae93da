package org.pgchorus.sql;

import org.pgchorus.model.TableName;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.stream.Collectors;

/** The small words of SQL: quoted names and literals, and the scripts kept as resources. */
public final class Sql {
    private Sql() {}

    /** A name in double quotes, safe whatever characters it has. */
    public static String name(String identifier) {
        return '"' + identifier.replace("\"", "\"\"") + '"';
    }

    /** A table's qualified, quoted name. */
    public static String name(TableName table) {
        return name(table.schema()) + "." + name(table.name());
    }

    /** Quoted names, separated by commas. */
    public static String names(Collection<String> identifiers) {
        return identifiers.stream().map(Sql::name).collect(Collectors.joining(", "));
    }

    /** A text literal, safe also where backslashes are escapes. */
    public static String literal(String text) {
        String quoted = "'" + text.replace("'", "''") + "'";
        return text.contains("\\") ? " E" + quoted.replace("\\", "\\\\") : quoted;
    }

    /**
     * The text of a script of this room, such as {@code install.sql}.
     *
     * @throws IllegalArgumentException if there is no script of that name
     */
    public static String script(String fileName) {
        try (InputStream in = Sql.class.getResourceAsStream(fileName)) {
            if (in == null) {
                throw new IllegalArgumentException("no script " + fileName);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
