package org.pgchorus.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numbers with a unit, in the spelling of {@code postgresql.conf}: {@code 5s}, {@code 1.5 GB}.
 * Pure.
 *
 * <p>Stricter than the server: a number without a unit is refused, and so is a fraction of the
 * smallest unit, which the server would round.
 */
final class Quantity {
    private static final Pattern FORM =
            Pattern.compile("([0-9]{1,19}(?:\\.[0-9]{1,9})?) ?([a-zA-Z]*)");

    private Quantity() {}

    /**
     * @param what what the number is, for the message: {@code duration}
     * @param units each unit's worth in the smallest of them
     * @throws IllegalArgumentException if the text has another form, or the result is no whole
     *     number of 64 bits
     */
    static long parse(String text, String what, Map<String, Long> units) {
        Matcher form = FORM.matcher(text.strip());
        if (!form.matches()) {
            throw refused(text, what, units, "");
        }
        String unit = form.group(2);
        Long worth = units.get(unit);
        if (worth == null) {
            String hint =
                    unit.isEmpty()
                            ? ": it has no unit"
                            : ": no unit \"" + unit + "\"" + hint(unit, units.keySet());
            throw refused(text, what, units, hint);
        }
        try {
            return new BigDecimal(form.group(1))
                    .multiply(BigDecimal.valueOf(worth))
                    .longValueExact();
        } catch (ArithmeticException outOfRange) {
            throw refused(text, what, units, ": too large, or finer than the smallest unit");
        }
    }

    /** The exact text in the largest unit that makes it a whole number. */
    static String text(long smallest, Map<String, Long> units) {
        return units.entrySet().stream()
                .filter(unit -> smallest != 0 && smallest % unit.getValue() == 0)
                .max(Map.Entry.comparingByValue())
                .map(unit -> smallest / unit.getValue() + unit.getKey())
                .orElseGet(() -> smallest + smallestUnit(units));
    }

    /** About three digits in the largest unit that is not above the amount: {@code 1.25GB}. */
    static String rounded(long smallest, Map<String, Long> units) {
        return units.entrySet().stream()
                .filter(unit -> unit.getValue() <= Math.abs(smallest))
                .max(Map.Entry.comparingByValue())
                .map(unit -> shown(smallest, unit.getValue()) + unit.getKey())
                .orElseGet(() -> smallest + smallestUnit(units));
    }

    private static String shown(long smallest, long worth) {
        BigDecimal exact =
                BigDecimal.valueOf(smallest)
                        .divide(BigDecimal.valueOf(worth), 4, RoundingMode.HALF_UP);
        int digitsBefore = exact.abs().toBigInteger().toString().length();
        return exact.setScale(Math.max(0, 3 - digitsBefore), RoundingMode.HALF_UP)
                .stripTrailingZeros()
                .toPlainString();
    }

    private static String smallestUnit(Map<String, Long> units) {
        return units.entrySet().stream().min(Map.Entry.comparingByValue()).orElseThrow().getKey();
    }

    private static String hint(String unit, Set<String> known) {
        return known.stream()
                .filter(unit::equalsIgnoreCase)
                .findFirst()
                .map(k -> "; did you mean \"" + k + "\"?")
                .orElse("");
    }

    private static IllegalArgumentException refused(
            String text, String what, Map<String, Long> units, String why) {
        String known =
                units.entrySet().stream()
                        .sorted(Map.Entry.comparingByValue())
                        .map(Map.Entry::getKey)
                        .reduce((a, b) -> a + ", " + b)
                        .orElse("");
        return new IllegalArgumentException(
                "\"%s\" is not a %s%s; write a number and one of %s"
                        .formatted(text, what, why, known));
    }
}
