package org.pgchorus.model;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * The values of one row, in a relation's column order, as views into the bytes they came in.
 *
 * <p>A value is null, unchanged (a large value the source did not send again), text or binary.
 * Nothing is parsed or copied. Immutable as long as nobody writes to the array given; safe to share
 * between threads.
 */
public final class Row {
    private static final int NULL = -1;
    private static final int UNCHANGED = -2;

    private final byte[] bytes;
    private final int[] starts;
    private final int[] lengths;
    private final boolean[] binary;

    /**
     * @param bytes the received message; not copied
     * @param starts where each value begins in {@code bytes}; ignored for null and unchanged values
     * @param lengths length of each value in bytes, -1 for null, -2 for unchanged
     * @param binary whether each value is in the type's binary form
     */
    public Row(byte[] bytes, int[] starts, int[] lengths, boolean[] binary) {
        if (starts.length != lengths.length || starts.length != binary.length) {
            throw new IllegalArgumentException("a row's arrays differ in length");
        }
        this.bytes = bytes;
        this.starts = starts;
        this.lengths = lengths;
        this.binary = binary;
    }

    /** A row of text values; a Java {@code null} in the list stands for SQL's. */
    public static Row ofTexts(List<String> texts) {
        int count = texts.size();
        byte[][] parts = new byte[count][];
        int total = 0;
        for (int i = 0; i < count; i++) {
            String text = texts.get(i);
            parts[i] = text == null ? null : text.getBytes(StandardCharsets.UTF_8);
            total += text == null ? 0 : parts[i].length;
        }
        byte[] bytes = new byte[total];
        int[] starts = new int[count];
        int[] lengths = new int[count];
        int at = 0;
        for (int i = 0; i < count; i++) {
            starts[i] = at;
            lengths[i] = parts[i] == null ? NULL : parts[i].length;
            if (parts[i] != null) {
                System.arraycopy(parts[i], 0, bytes, at, parts[i].length);
                at += parts[i].length;
            }
        }
        return new Row(bytes, starts, lengths, new boolean[count]);
    }

    /** The same; where {@code unchanged} says so, a large value that the source did not send. */
    public static Row ofTexts(List<String> texts, IntPredicate unchanged) {
        Row row = ofTexts(texts);
        for (int i = 0; i < row.lengths.length; i++) {
            if (unchanged.test(i)) {
                row.lengths[i] = UNCHANGED;
            }
        }
        return row;
    }

    /** The values at some places, in that order. */
    public Row only(List<Integer> places) {
        int[] newStarts = new int[places.size()];
        int[] newLengths = new int[places.size()];
        boolean[] newBinary = new boolean[places.size()];
        for (int i = 0; i < places.size(); i++) {
            int place = places.get(i);
            newStarts[i] = starts[place];
            newLengths[i] = lengths[place];
            newBinary[i] = binary[place];
        }
        return new Row(bytes, newStarts, newLengths, newBinary);
    }

    /** These values, then those of another row. */
    public Row followedBy(Row more) {
        int count = size() + more.size();
        byte[] joined = Arrays.copyOf(bytes, bytes.length + more.bytes.length);
        System.arraycopy(more.bytes, 0, joined, bytes.length, more.bytes.length);
        int[] newStarts = Arrays.copyOf(starts, count);
        int[] newLengths = Arrays.copyOf(lengths, count);
        boolean[] newBinary = Arrays.copyOf(binary, count);
        for (int i = 0; i < more.size(); i++) {
            newStarts[size() + i] = bytes.length + more.starts[i];
            newLengths[size() + i] = more.lengths[i];
            newBinary[size() + i] = more.binary[i];
        }
        return new Row(joined, newStarts, newLengths, newBinary);
    }

    /** How many values. */
    public int size() {
        return lengths.length;
    }

    /** Whether the value is SQL's NULL. */
    public boolean isNull(int index) {
        return lengths[index] == NULL;
    }

    /** Whether the value is a large one that the source did not send because it did not change. */
    public boolean isUnchanged(int index) {
        return lengths[index] == UNCHANGED;
    }

    /** Whether the value is in the type's binary form. */
    public boolean isBinary(int index) {
        return binary[index];
    }

    /** Whether every value is here. */
    public boolean isComplete() {
        for (int length : lengths) {
            if (length == UNCHANGED) {
                return false;
            }
        }
        return true;
    }

    /** The value's bytes, a read-only view; only for values that are here and not null. */
    public ByteBuffer bytes(int index) {
        requireHere(index);
        return ByteBuffer.wrap(bytes, starts[index], lengths[index]).slice().asReadOnlyBuffer();
    }

    /** Takes a value's bytes where they lie; must not change or keep the array. */
    @FunctionalInterface
    public interface Taker {
        /** Takes the bytes from {@code start} on. */
        void take(byte[] bytes, int start, int length);
    }

    /** Hands a value's bytes over without a copy; only for values that are here and not null. */
    public void give(int index, Taker taker) {
        requireHere(index);
        taker.take(bytes, starts[index], lengths[index]);
    }

    /** A hash of some of the values: equal for rows that are {@link #equalAt} these places. */
    public int hashAt(int[] indexes) {
        int hash = 1;
        for (int index : indexes) {
            int end = starts[index] + Math.max(lengths[index], 0);
            for (int i = starts[index]; i < end; i++) {
                hash = 31 * hash + bytes[i];
            }
            hash = 31 * hash + lengths[index];
        }
        return hash;
    }

    /** Whether some of the values are the same in both rows, byte for byte. */
    public boolean equalAt(int[] indexes, Row other) {
        for (int index : indexes) {
            int length = lengths[index];
            if (length != other.lengths[index]
                    || (length > 0
                            && !Arrays.equals(
                                    bytes,
                                    starts[index],
                                    starts[index] + length,
                                    other.bytes,
                                    other.starts[index],
                                    other.starts[index] + length))) {
                return false;
            }
        }
        return true;
    }

    /** The value as text, empty for NULL; only for text values that are here. */
    public Optional<String> text(int index) {
        if (isNull(index)) {
            return Optional.empty();
        }
        requireHere(index);
        if (binary[index]) {
            throw new IllegalStateException("value " + index + " is binary");
        }
        return Optional.of(
                new String(bytes, starts[index], lengths[index], StandardCharsets.UTF_8));
    }

    /** About how much memory the values take, in bytes. */
    public long weightBytes() {
        long sum = 0;
        for (int length : lengths) {
            sum += Math.max(length, 0) + 16;
        }
        return sum;
    }

    /** This row with every unchanged value taken from {@code old}, a row of the same relation. */
    public Row completedFrom(Row old) {
        return completedFrom(old, index -> true);
    }

    /** The same, but only for the values whose index {@code which} accepts. */
    public Row completedFrom(Row old, IntPredicate which) {
        if (isComplete()) {
            return this;
        }
        byte[] joined = Arrays.copyOf(bytes, bytes.length + old.bytes.length);
        System.arraycopy(old.bytes, 0, joined, bytes.length, old.bytes.length);
        int[] newStarts = starts.clone();
        int[] newLengths = lengths.clone();
        boolean[] newBinary = binary.clone();
        for (int i = 0; i < lengths.length; i++) {
            if (lengths[i] == UNCHANGED && which.test(i)) {
                newStarts[i] = bytes.length + old.starts[i];
                newLengths[i] = old.lengths[i];
                newBinary[i] = old.binary[i];
            }
        }
        return new Row(joined, newStarts, newLengths, newBinary);
    }

    private void requireHere(int index) {
        if (lengths[index] < 0) {
            throw new IllegalStateException("value " + index + " is null or unchanged");
        }
    }

    /** Equal if every value is the same: null, unchanged, or the same bytes in the same form. */
    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Row row) || row.size() != size()) {
            return false;
        }
        for (int i = 0; i < size(); i++) {
            boolean same =
                    lengths[i] < 0
                            ? lengths[i] == row.lengths[i]
                            : row.lengths[i] >= 0
                                    && binary[i] == row.binary[i]
                                    && bytes(i).equals(row.bytes(i));
            if (!same) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = 0; i < size(); i++) {
            hash = 31 * hash + (lengths[i] < 0 ? lengths[i] : bytes(i).hashCode());
        }
        return hash;
    }

    /** For logs and test failures: {@code (1, null, <unchanged>, 'text')}. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < size(); i++) {
            if (isNull(i)) {
                parts.add("null");
            } else if (isUnchanged(i)) {
                parts.add("<unchanged>");
            } else {
                parts.add(binary[i] ? "<" + lengths[i] + " bytes>" : "'" + text(i).get() + "'");
            }
        }
        return "(" + String.join(", ", parts) + ")";
    }
}
