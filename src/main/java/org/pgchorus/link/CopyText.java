package org.pgchorus.link;

import org.pgchorus.model.Row;
import org.pgchorus.pg.WireBytes;

/**
 * Rows in the text form of {@code COPY}: values separated by tabs, {@code \N} for NULL, a backslash
 * before each tab, newline, carriage return and backslash of a value. Pure.
 *
 * <p>Source: PostgreSQL manual, "COPY", "File Formats". In UTF-8 none of these bytes is ever part
 * of another character.
 */
final class CopyText {
    private CopyText() {}

    /** Adds a line; every value of the row must be here, as text. */
    static void line(Row row, WireBytes to) {
        for (int i = 0; i < row.size(); i++) {
            if (i > 0) {
                to.put('\t');
            }
            if (row.isNull(i)) {
                to.put('\\');
                to.put('N');
            } else {
                row.give(i, (bytes, start, length) -> escaped(bytes, start, length, to));
            }
        }
        to.put('\n');
    }

    private static void escaped(byte[] bytes, int start, int length, WireBytes to) {
        int done = start;
        int end = start + length;
        for (int i = start; i < end; i++) {
            byte b = bytes[i];
            if (b == '\\' || b == '\n' || b == '\r' || b == '\t') {
                to.put(bytes, done, i - done);
                to.put('\\');
                to.put(
                        switch (b) {
                            case '\n' -> 'n';
                            case '\r' -> 'r';
                            case '\t' -> 't';
                            default -> '\\';
                        });
                done = i + 1;
            }
        }
        to.put(bytes, done, end - done);
    }
}
