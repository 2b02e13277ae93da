package org.pgchorus.http;

import java.util.ArrayList;
import java.util.List;

/**
 * Whether a node is writable, look by look. Immutable, pure.
 *
 * <p>What a node lacks for certain (it does not answer, is read-only) takes it out at once. Lag
 * does after {@value #LOOKS} looks in a row, so that a burst takes nobody out. Both let it in again
 * after {@value #LOOKS} good looks in a row, and lag has to be under half of its limit by then: a
 * balancer that sends clients to and fro does more harm than one that waits.
 *
 * @param writable what balancers are told
 * @param reasons why it is not, or why it will not be if that goes on
 * @param against how many looks in a row spoke against {@code writable}
 */
record Standing(boolean writable, List<String> reasons, int against) {
    /** About one a second. */
    static final int LOOKS = 3;

    /**
     * What one look found.
     *
     * @param faults why clients must not write there
     * @param lag links into it that are over the limit
     * @param lingering links into it that are over half of the limit
     */
    record Finding(List<String> faults, List<String> lag, List<String> lingering) {
        /** Nothing is wrong. */
        static final Finding WELL = new Finding(List.of(), List.of(), List.of());
    }

    /** After the first look, which nothing came before. */
    static Standing first(Finding found) {
        List<String> reasons = reasons(found);
        return new Standing(reasons.isEmpty(), reasons, 0);
    }

    /** After one more look. */
    Standing next(Finding found) {
        List<String> reasons = reasons(found);
        if (!found.faults().isEmpty()) {
            return new Standing(false, reasons, 0);
        }
        if (writable) {
            int late = reasons.isEmpty() ? 0 : against + 1;
            return late < LOOKS
                    ? new Standing(true, reasons, late)
                    : new Standing(false, reasons, 0);
        }
        List<String> left = reasons.isEmpty() ? found.lingering() : reasons;
        int well = left.isEmpty() ? against + 1 : 0;
        if (well >= LOOKS) {
            return new Standing(true, List.of(), 0);
        }
        return new Standing(
                false,
                left.isEmpty()
                        ? List.of("well for %d of %d looks after it was not".formatted(well, LOOKS))
                        : left,
                well);
    }

    /** Writable for want of any other; the reasons stay. */
    Standing asLast() {
        return new Standing(true, reasons, 0);
    }

    private static List<String> reasons(Finding found) {
        List<String> reasons = new ArrayList<>(found.faults());
        reasons.addAll(found.lag());
        return List.copyOf(reasons);
    }
}
