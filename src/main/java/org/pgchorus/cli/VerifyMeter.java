package org.pgchorus.cli;

import org.pgchorus.model.TableName;
import org.pgchorus.verify.VerifyProgress;

import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Shows how a comparison goes on: one line that changes on a terminal, one every few seconds
 * elsewhere, so that short ones show nothing. Any thread.
 */
final class VerifyMeter implements VerifyProgress {
    /** Often enough to look alive, seldom enough to cost nothing. */
    private static final long BAR_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** A log of a comparison that takes hours stays readable. */
    private static final long LINE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final String LINE_START_AND_WIPE = "\r\u001b[K";

    private final PrintWriter err;
    private final boolean interactive;
    private final LongSupplier nanos;
    private final long beganNanos;
    private long shownNanos;
    private boolean lineStands;
    private long rows;

    /**
     * @param interactive whether {@code err} is a terminal
     * @param nanos the clock
     */
    VerifyMeter(PrintWriter err, boolean interactive, LongSupplier nanos) {
        this.err = err;
        this.interactive = interactive;
        this.nanos = nanos;
        this.beganNanos = nanos.getAsLong();
        this.shownNanos = beganNanos;
    }

    @Override
    public synchronized void compared(TableName table, long more) {
        rows += more;
        show(table.toString());
    }

    @Override
    public synchronized void waiting(TableName table, long suspects) {
        show("%s: %s looked at again".formatted(table, Words.count(suspects, "row")));
    }

    private void show(String what) {
        long now = nanos.getAsLong();
        if (now - shownNanos < (interactive ? BAR_NANOS : LINE_NANOS)) {
            return;
        }
        shownNanos = now;
        double seconds = (now - beganNanos) / 1e9;
        String line =
                "%s rows, %s/s  %s"
                        .formatted(
                                Words.count(rows), Words.count(Math.round(rows / seconds)), what);
        if (interactive) {
            err.print(LINE_START_AND_WIPE + line);
            lineStands = true;
        } else {
            err.println(line);
        }
        err.flush();
    }

    /** Takes the line away. */
    synchronized void end() {
        if (lineStands) {
            err.print(LINE_START_AND_WIPE);
            err.flush();
            lineStands = false;
        }
    }
}
