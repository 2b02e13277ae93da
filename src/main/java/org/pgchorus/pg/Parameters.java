package org.pgchorus.pg;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The values for one {@link Pipeline.Statement}, in its order, in their types' binary forms, or as
 * texts where the statement leaves the type to the server.
 *
 * <p>One thread.
 *
 * <p>Source: PostgreSQL manual, "Message Formats"; an array is {@code i32 dimensions, i32 hasNull,
 * u32 elementType, i32 count, i32 lowerBound}, then each element's {@code i32 length} (-1: NULL)
 * and bytes.
 */
public final class Parameters {
    /** The server knows the type; the value comes as text. */
    public static final int GIVEN = 0;

    /** Types' numbers, the same in every PostgreSQL. */
    public static final int INT2 = 21;

    /** {@code int8}. */
    public static final int INT8 = 20;

    /** {@code text}. */
    public static final int TEXT = 25;

    /** {@code oid}. */
    public static final int OID = 26;

    /** {@code text[]}. */
    public static final int TEXT_ARRAY = 1009;

    /** {@code int8[]}. */
    public static final int INT8_ARRAY = 1016;

    /** {@code timestamptz}. */
    public static final int TIMESTAMPTZ = 1184;

    /** {@code timestamptz[]}. */
    public static final int TIMESTAMPTZ_ARRAY = 1185;

    /** {@code pg_lsn}. */
    public static final int PG_LSN = 3220;

    private static final int ARRAY_HEADER_BYTES = 20;

    private final List<Optional<WireBytes>> values = new ArrayList<>();

    /** An array under way: its elements come one by one. */
    public static final class Elements {
        private final WireBytes bytes = new WireBytes(256);
        private int count;

        /** Adds a text, in the database's own encoding. */
        public void text(byte[] from, int start, int length) {
            bytes.putInt(length);
            bytes.put(from, start, length);
            count++;
        }

        /** Adds SQL's NULL. */
        public void ofNull() {
            bytes.putInt(-1);
            count++;
        }

        /** Adds a number of eight bytes, or a time in micros since 2000-01-01. */
        public void number(long value) {
            bytes.putInt(8);
            bytes.putLong(value);
            count++;
        }

        /** How many there are. */
        public int count() {
            return count;
        }
    }

    /** Adds an array; {@code elementType} is the number of its elements' type. */
    public Parameters array(int elementType, Elements elements) {
        WireBytes value = new WireBytes(ARRAY_HEADER_BYTES + elements.bytes.size());
        value.putInt(elements.count == 0 ? 0 : 1);
        value.putInt(1);
        value.putInt(elementType);
        if (elements.count > 0) {
            value.putInt(elements.count);
            value.putInt(1);
            value.put(elements.bytes);
        }
        values.add(Optional.of(value));
        return this;
    }

    /** Adds a value of eight bytes: {@code int8}, {@code timestamptz} in micros, {@code pg_lsn}. */
    public Parameters number(long number) {
        WireBytes value = new WireBytes(8);
        value.putLong(number);
        values.add(Optional.of(value));
        return this;
    }

    /** Adds an {@code int2}. */
    public Parameters small(int number) {
        WireBytes value = new WireBytes(2);
        value.putShort(number);
        values.add(Optional.of(value));
        return this;
    }

    /** Adds an {@code oid}. */
    public Parameters oid(long number) {
        WireBytes value = new WireBytes(4);
        value.putInt((int) number);
        values.add(Optional.of(value));
        return this;
    }

    /**
     * Adds a value as text, in the database's own encoding, for a parameter that is {@link #GIVEN}.
     */
    public Parameters given(byte[] from, int start, int length) {
        WireBytes value = new WireBytes(length);
        value.put(from, start, length);
        values.add(Optional.of(value));
        return this;
    }

    /** Adds SQL's NULL. */
    public Parameters ofNull() {
        values.add(Optional.empty());
        return this;
    }

    /** Adds a {@code text}. */
    public Parameters text(String text) {
        byte[] utf8 = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        WireBytes value = new WireBytes(utf8.length);
        value.put(utf8, 0, utf8.length);
        values.add(Optional.of(value));
        return this;
    }

    List<Optional<WireBytes>> values() {
        return values;
    }
}
