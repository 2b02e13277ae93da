package org.pgchorus.link;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Reads long answers in pieces, in the transaction that is open.
 *
 * <p>One thread, the session's.
 */
final class Versions {
    private final Session session;
    private int cursors;

    Versions(Session session) {
        this.session = session;
    }

    /**
     * A live row.
     *
     * @param row in the column order of {@link RowSql#of}
     */
    record Live(Row row, Stamp stamp) {}

    /**
     * A deleted key.
     *
     * @param key empty for the whole table
     */
    record Grave(List<String> key, Stamp stamp) {}

    /** Runs a question and gives its answers, in pieces of at most {@code size}. */
    <T> void each(String question, int size, Session.Reader<T> reader, Consumer<List<T>> piece) {
        // A name of its own for each: a prepared FETCH must not find another question's columns.
        String cursor = "pgchorus_" + ++cursors;
        session.execute("DECLARE " + cursor + " NO SCROLL CURSOR FOR " + question);
        while (true) {
            List<T> some = session.query("FETCH " + size + " FROM " + cursor, reader);
            if (some.isEmpty()) {
                session.execute("CLOSE " + cursor);
                return;
            }
            piece.accept(some);
        }
    }

    /** Reads a row of {@code columns} columns, micros and node. */
    static Live live(Session.Answer answer, int columns) {
        List<String> texts = new ArrayList<>(columns);
        for (int i = 1; i <= columns; i++) {
            texts.add(answer.text(i));
        }
        return new Live(Row.ofTexts(texts), stamp(answer, columns + 1));
    }

    /** Reads columns, values, micros, node. */
    static Displaced displaced(Session.Answer answer) {
        return Displaced.of(0, answer.texts(1), answer.texts(2), stamp(answer, 3));
    }

    /** Reads key, micros, node. */
    static Grave grave(Session.Answer answer) {
        return new Grave(answer.texts(1), stamp(answer, 2));
    }

    /** Reads micros, null for unknown, and node. */
    static Stamp stamp(Session.Answer answer, int at) {
        String micros = answer.text(at);
        return micros == null
                ? Stamp.UNKNOWN
                : new Stamp(Long.parseLong(micros), (int) answer.number(at + 1, 0));
    }
}
