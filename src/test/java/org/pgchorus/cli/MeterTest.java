package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

class MeterTest {
    private static final long MEGABYTE = 1 << 20;

    private final StringWriter shown = new StringWriter();
    private final AtomicLong nanos = new AtomicLong();

    @Test
    void elsewhereALineComesEveryFewSeconds() {
        Meter meter = new Meter(new PrintWriter(shown), false, nanos::get);
        meter.step("examining");
        meter.copied("public.a", 0, 100 * MEGABYTE, 0);
        passes(1);
        meter.copied("public.a", 5 * MEGABYTE, 100 * MEGABYTE, 0);
        passes(9);
        meter.copied("public.a", 25 * MEGABYTE, 100 * MEGABYTE, 1_500);
        passes(2);
        meter.copied("public.b", 101 * MEGABYTE, 100 * MEGABYTE, 500);
        meter.step("catching up");
        meter.finish();
        assertThat(shown.toString().lines())
                .containsExactly(
                        "examining",
                        "copied  25%  2.5 MB/s  1,500 rows  0:10, 0:30 left  public.a",
                        "copied 100%  8.4 MB/s  2,000 rows  0:12",
                        "catching up");
        assertThat(meter.rows()).isEqualTo(2_000);
        assertThat(meter.bytes()).isEqualTo(101 * MEGABYTE);
    }

    @Test
    void onATerminalABarMoves() {
        Meter meter = new Meter(new PrintWriter(shown), true, nanos::get);
        meter.copied("public.a", 0, 10 * MEGABYTE, 0);
        passes(1);
        meter.copied("public.a", 5 * MEGABYTE, 10 * MEGABYTE, 0);
        meter.step("next");
        assertThat(shown.toString())
                .contains("\r\u001b[K[############............]  50%  5.0 MB/s")
                .endsWith("next" + System.lineSeparator());
    }

    @Test
    void theTableNamedLastHasItsOwnPercentAndTime() {
        Meter meter = new Meter(new PrintWriter(shown), false, nanos::get);
        meter.copied("public.a", 0, 100 * MEGABYTE, 0);
        meter.table("public.a", 0, 40 * MEGABYTE);
        passes(10);
        meter.table("public.a", 10 * MEGABYTE, 40 * MEGABYTE);
        meter.copied("public.a", 20 * MEGABYTE, 100 * MEGABYTE, 0);
        assertThat(shown.toString().lines())
                .containsExactly(
                        "copied  20%  2.0 MB/s  0 rows  0:10, 0:40 left  public.a 25%, 0:30 left");
    }

    @Test
    void withoutACopyThereIsNoBar() {
        Meter meter = new Meter(new PrintWriter(shown), true, nanos::get);
        meter.finish();
        assertThat(shown.toString()).isEmpty();
    }

    private void passes(long seconds) {
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }
}
