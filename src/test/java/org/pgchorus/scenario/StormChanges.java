package org.pgchorus.scenario;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Random;

/**
 * The single changes of a {@link Storm}, chosen at random: inserts, updates, deletes, upserts,
 * re-inserts, key changes and large values on few keys; unique values that are fought over; sums;
 * parents and their children.
 */
final class StormChanges {
    static final String SCHEMA =
            """
            CREATE TABLE hot (id int PRIMARY KEY, v text, n bigint NOT NULL DEFAULT 0, big text);
            CREATE TABLE pair (a int, b numeric, v text, PRIMARY KEY (a, b));
            CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, badge int, active boolean,
                                 v text);
            CREATE UNIQUE INDEX person_badge ON person (badge) WHERE active;
            CREATE TABLE tally (id int PRIMARY KEY, n bigint NOT NULL, v text);
            ALTER TABLE tally REPLICA IDENTITY FULL;
            CREATE TABLE parent (id int PRIMARY KEY, v text);
            CREATE TABLE child (id int PRIMARY KEY, v text,
                                parent int REFERENCES parent ON DELETE CASCADE);
            CREATE TABLE ward (id int PRIMARY KEY, v text,
                               parent int REFERENCES parent ON DELETE SET NULL);
            """;

    private static final int KEYS = 50;

    private static final int PERSONS = 20;

    private static final int VALUES = 8;

    private static final int FAMILIES = 12;

    private StormChanges() {}

    /** One change of some table. */
    static void any(Connection connection, Random dice) throws SQLException {
        switch (dice.nextInt(5)) {
            case 0 -> person(connection, dice);
            case 1 -> tally(connection, dice);
            case 2 -> family(connection, dice);
            default -> row(connection, dice);
        }
    }

    private static void row(Connection connection, Random dice) throws SQLException {
        int key = dice.nextInt(KEYS);
        int other = dice.nextInt(KEYS);
        String value = Long.toHexString(dice.nextLong());
        switch (dice.nextInt(13)) {
            case 0 ->
                    execute(
                            connection,
                            "INSERT INTO hot VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING",
                            key,
                            value,
                            large(dice));
            case 1, 2 ->
                    execute(
                            connection,
                            "INSERT INTO hot (id, v) VALUES (?, ?)"
                                    + " ON CONFLICT (id) DO UPDATE SET v = excluded.v",
                            key,
                            value);
            case 3, 4 -> execute(connection, "UPDATE hot SET v = ? WHERE id = ?", value, key);
            case 5 -> execute(connection, "UPDATE hot SET big = ? WHERE id = ?", large(dice), key);
            case 6 -> execute(connection, "UPDATE hot SET n = n + 1 WHERE id = ?", key);
            case 7 -> execute(connection, "DELETE FROM hot WHERE id = ?", key);
            case 8 -> {
                execute(connection, "DELETE FROM hot WHERE id = ?", key);
                execute(connection, "INSERT INTO hot VALUES (?, ?, 1, ?)", key, value, large(dice));
            }
            case 9 -> execute(connection, "UPDATE hot SET id = ? WHERE id = ?", other, key);
            case 10 ->
                    execute(
                            connection,
                            "INSERT INTO pair VALUES (?, ? / 10.0, ?)"
                                    + " ON CONFLICT (a, b) DO UPDATE SET v = excluded.v",
                            key % 5,
                            other,
                            value);
            case 11 -> execute(connection, "DELETE FROM pair WHERE a = ? AND b < ?", key % 5, 2);
            default ->
                    execute(
                            connection,
                            "UPDATE pair SET b = b + 1.0, v = ? WHERE a = ?",
                            value,
                            key % 5);
        }
    }

    /** Few e-mails and badges for more rows than that; half of the badges count. */
    private static void person(Connection connection, Random dice) throws SQLException {
        int key = dice.nextInt(PERSONS);
        String email = "mail " + dice.nextInt(VALUES);
        int badge = dice.nextInt(VALUES);
        String value = Long.toHexString(dice.nextLong());
        switch (dice.nextInt(10)) {
            case 0, 1, 2 ->
                    execute(
                            connection,
                            "INSERT INTO person VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
                                    + " SET email = excluded.email, badge = excluded.badge,"
                                    + " active = excluded.active, v = excluded.v",
                            key,
                            email,
                            badge,
                            dice.nextBoolean(),
                            value);
            case 3 -> execute(connection, "UPDATE person SET email = ? WHERE id = ?", email, key);
            case 4 -> execute(connection, "UPDATE person SET email = NULL WHERE id = ?", key);
            case 5 -> execute(connection, "UPDATE person SET badge = ? WHERE id = ?", badge, key);
            case 6 ->
                    execute(connection, "UPDATE person SET active = NOT active WHERE id = ?", key);
            case 7 -> {
                execute(connection, "DELETE FROM person WHERE email = ?", email);
                execute(
                        connection,
                        "INSERT INTO person VALUES (?, ?, NULL, NULL, ?)"
                                + " ON CONFLICT (id) DO UPDATE SET email = excluded.email",
                        key,
                        email,
                        value);
            }
            case 8 ->
                    execute(
                            connection,
                            "UPDATE person SET id = ? WHERE email = ?",
                            dice.nextInt(PERSONS),
                            email);
            default -> execute(connection, "DELETE FROM person WHERE id = ?", key);
        }
    }

    private static void tally(Connection connection, Random dice) throws SQLException {
        int key = dice.nextInt(VALUES);
        switch (dice.nextInt(8)) {
            case 0 -> execute(connection, "DELETE FROM tally WHERE id = ?", key);
            case 1 ->
                    execute(
                            connection,
                            "UPDATE tally SET id = ? WHERE id = ?",
                            dice.nextInt(VALUES),
                            key);
            case 2, 3 ->
                    execute(
                            connection,
                            "INSERT INTO tally VALUES (?, ?, 'new') ON CONFLICT (id) DO UPDATE"
                                    + " SET n = tally.n + excluded.n, v = 'added'",
                            key,
                            dice.nextInt(100));
            default ->
                    execute(
                            connection,
                            "UPDATE tally SET n = n + ?, v = ? WHERE id = ?",
                            dice.nextInt(100) - 50,
                            Long.toHexString(dice.nextLong()),
                            key);
        }
    }

    private static void family(Connection connection, Random dice) throws SQLException {
        int key = dice.nextInt(FAMILIES);
        int parent = dice.nextInt(FAMILIES);
        String value = Long.toHexString(dice.nextLong());
        String table = dice.nextBoolean() ? "child" : "ward";
        switch (dice.nextInt(6)) {
            case 0, 1 ->
                    execute(
                            connection,
                            "INSERT INTO parent VALUES (?, ?)"
                                    + " ON CONFLICT (id) DO UPDATE SET v = excluded.v",
                            parent,
                            value);
            case 2 -> execute(connection, "DELETE FROM parent WHERE id = ?", parent);
            case 3 ->
                    execute(
                            connection,
                            "UPDATE %s SET v = ? WHERE id = ?".formatted(table),
                            value,
                            key);
            default ->
                    execute(
                            connection,
                            "INSERT INTO %s SELECT ?, ?, id FROM parent WHERE id = ?"
                                            .formatted(table)
                                    + " ON CONFLICT (id) DO UPDATE SET parent = excluded.parent",
                            key,
                            value,
                            parent);
        }
    }

    /** Too large and too random to be stored in the row. */
    private static String large(Random dice) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 400; i++) {
            text.append(Long.toHexString(dice.nextLong()));
        }
        return text.toString();
    }

    private static void execute(Connection connection, String sql, Object... values)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
    }
}
