package org.pgchorus.pg;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadPaceTest {
    private static final long SECOND = 1_000_000_000;

    /** How much of a second is waited if a message comes so often, and is seen only when read. */
    private static long pausedNanos(ReadPace pace, long periodNanos, boolean isSeen) {
        long paused = 0;
        long unread = 0;
        long at = 0;
        while (at < SECOND) {
            if (unread > 0) {
                unread--;
                pace.came();
                at += isSeen ? 0 : 1000;
            } else {
                long pause = pace.pauseNanos(at);
                paused += pause;
                long step = Math.max(pause, periodNanos);
                at += step;
                unread += isSeen ? step / periodNanos : 1;
            }
        }
        return paused;
    }

    @Test
    void whatComesNowAndThenIsReadAtOnce() {
        assertThat(pausedNanos(new ReadPace(0), 5_000_000, true)).isZero();
        assertThat(pausedNanos(new ReadPace(0), 100_000, true)).isZero();
    }

    @Test
    void aBurstIsReadInFewReads() {
        assertThat(pausedNanos(new ReadPace(0), 5000, true)).isGreaterThan(SECOND * 9 / 10);
    }

    @Test
    void whereNobodySeesWhatHasComeLittleIsWaited() {
        assertThat(pausedNanos(new ReadPace(0), 5000, false)).isLessThan(SECOND / 20);
    }

    @Test
    void aLongSilenceIsNoBurst() {
        ReadPace pace = new ReadPace(0);
        for (int i = 0; i < 1000; i++) {
            pace.came();
        }
        assertThat(pace.pauseNanos(SECOND)).isZero();
    }
}
