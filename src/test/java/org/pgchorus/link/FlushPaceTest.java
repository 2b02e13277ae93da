package org.pgchorus.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.concurrent.TimeUnit;

class FlushPaceTest {
    private static boolean isDue(long sinceMillis, boolean idle) {
        return FlushPace.isDue(TimeUnit.MILLISECONDS.toNanos(sinceMillis), idle);
    }

    @Test
    void aTransactionAfterAQuietTimeIsDurableAtOnce() {
        assertThat(isDue(21, true)).isTrue();
    }

    @Test
    void transactionsThatComeOneByOneShareAFlush() {
        assertThat(isDue(5, true)).isFalse();
    }

    @Test
    void whatWaitsIsNotHeldUpByAFlushMoreThanTenTimesASecond() {
        assertThat(isDue(99, false)).isFalse();
        assertThat(isDue(101, false)).isTrue();
    }
}
