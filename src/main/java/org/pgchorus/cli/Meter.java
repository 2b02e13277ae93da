package org.pgchorus.cli;

import org.pgchorus.member.JoinProgress;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Shows how a join goes on: a bar that moves on a terminal, a line every few seconds elsewhere. Any
 * thread.
 */
final class Meter implements JoinProgress {
    private static final int BAR_CHARACTERS = 24;

    /** Often enough to look alive, seldom enough to cost nothing. */
    private static final long BAR_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** A log of a join that takes hours stays readable. */
    private static final long LINE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final String LINE_START_AND_WIPE = "\r\u001b[K";

    private final PrintWriter out;
    private final boolean interactive;
    private final LongSupplier nanos;
    private final long beganNanos;
    private long copyBeganNanos = Long.MIN_VALUE;
    private long shownNanos;
    private boolean copying;
    private boolean barStands;
    private long bytes;
    private long totalBytes;
    private long rows;
    private final Map<String, Part> tables = new HashMap<>();

    /** How far one table is. */
    private record Part(long beganNanos, long bytesDone, long bytesTotal) {}

    /**
     * @param interactive whether {@code out} is a terminal
     * @param nanos the clock
     */
    Meter(PrintWriter out, boolean interactive, LongSupplier nanos) {
        this.out = out;
        this.interactive = interactive;
        this.nanos = nanos;
        this.beganNanos = nanos.getAsLong();
    }

    @Override
    public synchronized void step(String text) {
        finish();
        out.println(text);
        out.flush();
    }

    @Override
    public synchronized void table(String table, long bytesDone, long bytesTotal) {
        long began = tables.containsKey(table) ? tables.get(table).beganNanos : nanos.getAsLong();
        tables.put(table, new Part(began, bytesDone, bytesTotal));
    }

    @Override
    public synchronized void copied(
            String table, long bytesDone, long bytesTotal, long rowsOfTable) {
        long now = nanos.getAsLong();
        if (!copying) {
            copying = true;
            copyBeganNanos = copyBeganNanos == Long.MIN_VALUE ? now : copyBeganNanos;
            shownNanos = now - (interactive ? BAR_NANOS : 0);
        }
        bytes = Math.max(bytes, bytesDone);
        totalBytes = bytesTotal;
        rows += rowsOfTable;
        if (now - shownNanos >= (interactive ? BAR_NANOS : LINE_NANOS)) {
            shownNanos = now;
            show(line(now) + "  " + Words.cut(table, 24) + part(table, now));
        }
    }

    /** Says where the copy ended; nothing if none took place. */
    synchronized void finish() {
        if (copying) {
            totalBytes = bytes;
            wipeBar();
            out.println(line(nanos.getAsLong()));
            out.flush();
            copying = false;
        }
    }

    /** Rows copied so far, of tables that are done. */
    synchronized long rows() {
        return rows;
    }

    /** Bytes copied so far. */
    synchronized long bytes() {
        return bytes;
    }

    /** Since this began. */
    double seconds() {
        return (nanos.getAsLong() - beganNanos) / 1e9;
    }

    private void show(String line) {
        if (interactive) {
            out.print(LINE_START_AND_WIPE + line);
            barStands = true;
        } else {
            out.println(line);
        }
        out.flush();
    }

    private void wipeBar() {
        if (barStands) {
            out.print(LINE_START_AND_WIPE);
            barStands = false;
        }
    }

    private String line(long now) {
        double elapsedSeconds = Math.max((now - copyBeganNanos) / 1e9, 1e-3);
        double share = totalBytes == 0 ? 1 : Math.min(1.0, (double) bytes / totalBytes);
        String remaining =
                share > 0 && share < 1
                        ? ", %s left".formatted(clock(elapsedSeconds / share - elapsedSeconds))
                        : "";
        return "%s%3.0f%%  %.1f MB/s  %s rows  %s%s"
                .formatted(
                        interactive ? bar(share) + " " : "copied ",
                        Math.floor(share * 100),
                        bytes / elapsedSeconds / (1 << 20),
                        Words.count(rows),
                        clock(elapsedSeconds),
                        remaining);
    }

    /** Of the table named last: percent and what is left. */
    private String part(String table, long now) {
        Part part = tables.get(table);
        if (part == null || part.bytesDone <= 0 || part.bytesDone >= part.bytesTotal) {
            return "";
        }
        double share = (double) part.bytesDone / part.bytesTotal;
        double elapsedSeconds = (now - part.beganNanos) / 1e9;
        return " %.0f%%, %s left"
                .formatted(Math.floor(share * 100), clock(elapsedSeconds / share - elapsedSeconds));
    }

    private static String bar(double share) {
        int full = (int) (share * BAR_CHARACTERS);
        return "[" + "#".repeat(full) + ".".repeat(BAR_CHARACTERS - full) + "]";
    }

    /** {@code 1:02:03}, without the hours if there are none. */
    private static String clock(double seconds) {
        Duration time = Duration.ofSeconds(Math.round(seconds));
        return time.toHours() > 0
                ? "%d:%02d:%02d"
                        .formatted(time.toHours(), time.toMinutesPart(), time.toSecondsPart())
                : "%d:%02d".formatted(time.toMinutes(), time.toSecondsPart());
    }
}
