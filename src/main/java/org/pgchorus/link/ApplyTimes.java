package org.pgchorus.link;

import org.pgchorus.model.Took;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.stream.LongStream;

/**
 * How long transactions took from when they began to come in until they were committed at the
 * target, since the link was made. By one machine's clock that is never set, so two nodes' clocks
 * have no part in it. Any thread.
 */
final class ApplyTimes {
    private final AtomicLongArray counts = new AtomicLongArray(Took.BOUNDS.size() + 1);
    private final DoubleAdder sumSeconds = new DoubleAdder();

    /** A transaction has been applied; it began to come then, by {@link System#nanoTime}. */
    void applied(long cameNanos) {
        double seconds = (System.nanoTime() - cameNanos) / 1e9;
        counts.incrementAndGet(Took.placeOf(seconds));
        sumSeconds.add(seconds);
    }

    Took soFar() {
        return new Took(
                LongStream.range(0, counts.length())
                        .mapToObj(place -> counts.get((int) place))
                        .toList(),
                sumSeconds.sum());
    }
}
