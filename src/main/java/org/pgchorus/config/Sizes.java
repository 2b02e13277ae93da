package org.pgchorus.config;

import java.util.Map;

/**
 * Sizes in bytes as {@code postgresql.conf} spells them: {@code 512B}, {@code 64kB}, {@code 16MB},
 * {@code 1GB}, {@code 2TB}; each unit is 1024 of the one before. Pure.
 */
public final class Sizes {
    private static final Map<String, Long> BYTES =
            Map.of("B", 1L, "kB", 1L << 10, "MB", 1L << 20, "GB", 1L << 30, "TB", 1L << 40);

    private Sizes() {}

    /**
     * Reads a number and its unit into bytes; fractions such as {@code 1.5GB} are allowed.
     *
     * @throws IllegalArgumentException if the unit is missing or unknown, or the number is finer
     *     than a byte
     */
    public static long parseBytes(String text) {
        return Quantity.parse(text, "size", BYTES);
    }

    /** Reads back as the same number of bytes. */
    public static String text(long bytes) {
        return Quantity.text(bytes, BYTES);
    }

    /** For people, three digits: {@code 1.25GB}. */
    public static String rounded(long bytes) {
        return Quantity.rounded(bytes, BYTES);
    }
}
