package org.pgchorus.pg;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.function.LongUnaryOperator;

/** Times in nanoseconds; messages of sixty bytes come by a clock of the test's. */
class ReadPaceTest {
    private static final long SECOND = 1_000_000_000;
    private static final long MILLI = 1_000_000;
    private static final int MESSAGE_BYTES = 60;

    /** What somebody did who read for some time. */
    private record Reading(long reads, long messages, long pausedNanos, long untilNanos) {
        long perRead() {
            return messages / reads;
        }
    }

    /**
     * @param sent how many messages were sent by a time
     */
    private static Reading read(LongUnaryOperator sent, long nanos, long messages) {
        ReadPace pace = new ReadPace(0);
        long at = 0;
        long reads = 0;
        long read = 0;
        long paused = 0;
        while (at < nanos && read < messages) {
            long pause = pace.pauseNanos(at);
            paused += pause;
            at += pause + 1000;
            while (sent.applyAsLong(at) == read) {
                at += 1000;
            }
            pace.came(Math.toIntExact((sent.applyAsLong(at) - read) * MESSAGE_BYTES));
            read = sent.applyAsLong(at);
            reads++;
        }
        return new Reading(reads, read, paused, at);
    }

    private static Reading readEvery(long periodNanos) {
        return read(at -> at / periodNanos, SECOND, Long.MAX_VALUE);
    }

    @Test
    void whatComesNowAndThenIsReadAtOnce() {
        assertThat(readEvery(5 * MILLI).pausedNanos).isZero();
        assertThat(readEvery(MILLI / 10).pausedNanos).isZero();
    }

    @Test
    void aBurstIsReadInFewReads() {
        assertThat(readEvery(7000).perRead()).isGreaterThan(200);
    }

    /** Four milliseconds of a hundred messages each, then four of none, as on a busy machine. */
    @Test
    void aSenderThatIsKeptFromRunningNowAndThenIsStillReadInFewReads() {
        Reading reading =
                read(
                        at -> at / (8 * MILLI) * 400 + Math.min(400, at % (8 * MILLI) / 10_000),
                        SECOND,
                        Long.MAX_VALUE);
        assertThat(reading.perRead()).isGreaterThan(5);
    }

    /** A receive buffer full of small packets: the rest follows when it has been read. */
    @Test
    void aReadThatFindsLittleBeforeMuchIsNotTheEnd() {
        ReadPace pace = new ReadPace(0);
        long pause = 0;
        long at = 0;
        for (; pause < ReadPace.LONGEST_NANOS; at += pause + 7000) {
            pause = pace.pauseNanos(at);
            pace.came(Math.toIntExact((pause + 7000) / 7000 * MESSAGE_BYTES));
        }
        for (int i = 0; i < 100; i++) {
            at += 40 * MILLI;
            pace.came(55_000);
            assertThat(pace.pauseNanos(at)).as("much was found").isZero();
            pace.came(60);
            assertThat(pace.pauseNanos(at))
                    .as("the burst goes on")
                    .isEqualTo(ReadPace.LONGEST_NANOS);
            pace.came(3000);
            assertThat(pace.pauseNanos(at)).as("the rest is awaited").isZero();
        }
    }

    @Test
    void aShortBurstIsNotDelayedForLongerThanItTakes() {
        for (long messages : new long[] {20, 40, 100, 500, 2000}) {
            long took = messages * 5000;
            Reading reading = read(at -> Math.min(messages, at / 5000), SECOND, messages);
            assertThat(reading.untilNanos)
                    .as("%d messages", messages)
                    .isLessThanOrEqualTo(2 * took + ReadPace.FIRST_NANOS);
        }
    }

    @Test
    void aWaitIsNeverMoreThanItsPartOfTheBurst() {
        for (long lasts = MILLI; lasts < SECOND; lasts *= 2) {
            long until = lasts;
            Reading reading = read(at -> Math.min(at, until) / 7000, SECOND, until / 7000);
            assertThat(reading.untilNanos)
                    .as("%d ms", until / MILLI)
                    .isLessThanOrEqualTo(until + until / ReadPace.PART + 2 * ReadPace.FIRST_NANOS);
        }
    }

    @Test
    void noWaitIsLongerThanTheLongest() {
        Reading reading = readEvery(5000);
        assertThat(reading.pausedNanos / reading.reads).isLessThanOrEqualTo(ReadPace.LONGEST_NANOS);
    }

    @Test
    void aBacklogIsReadAsFastAsItComes() {
        ReadPace pace = new ReadPace(0);
        for (int i = 0; i < 1000; i++) {
            assertThat(pace.pauseNanos(i)).isZero();
            pace.came(1 << 16);
        }
    }
}
