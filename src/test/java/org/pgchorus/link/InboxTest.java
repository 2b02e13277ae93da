package org.pgchorus.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgchorus.model.Lsn;
import org.pgchorus.pgoutput.Message;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;

@Timeout(60)
class InboxTest {
    private static final int MEGABYTE = 1 << 20;

    /** A message that can be told from others. */
    private static Message commit(long number) {
        return new Message.Commit(Lsn.ZERO, new Lsn(number), 0);
    }

    private static long number(Inbox.Item item) {
        return ((Message.Commit) item.message()).endLsn().bytes();
    }

    /** Bytes that nobody has asked further for are the most that may be in it. */
    @Test
    void itIsFullByBytesAndHasRoomAgainWhenHalfOfThemAreGone() throws InterruptedException {
        Inbox inbox = new Inbox();
        int offered = 0;
        while (inbox.offer(commit(offered), MEGABYTE, 0)) {
            offered++;
        }
        assertThat(offered).isEqualTo(7);
        int taken = 0;
        while (!inbox.offer(commit(offered), MEGABYTE, 0)) {
            assertThat(number(inbox.poll(0).orElseThrow())).isEqualTo(taken);
            taken++;
        }
        assertThat(taken).isEqualTo(5);
        for (; taken <= offered; taken++) {
            assertThat(number(inbox.poll(0).orElseThrow())).isEqualTo(taken);
        }
        assertThat(inbox.isEmpty()).isTrue();
        assertThat(inbox.poll(1)).isEmpty();
    }

    @Test
    void aMessageLargerThanAllOfItIsAlone() throws InterruptedException {
        Inbox inbox = new Inbox();
        assertThat(inbox.offer(commit(0), 100, 0)).isTrue();
        assertThat(inbox.offer(commit(1), 100 * MEGABYTE, 0)).isFalse();
        assertThat(number(inbox.poll(0).orElseThrow())).isZero();
        assertThat(inbox.poll(0)).isEmpty();
        assertThat(inbox.offer(commit(1), 100 * MEGABYTE, 0)).isTrue();
        assertThat(inbox.offer(commit(2), 100, 0)).isFalse();
    }

    @Test
    void theReadersFailureComesBehindWhatItRead() throws InterruptedException {
        Inbox inbox = new Inbox();
        inbox.offer(commit(0), 100, 0);
        inbox.offer(commit(1), 100, 0);
        inbox.fail(new IllegalStateException("broke"));
        assertThat(inbox.poll(0)).isPresent();
        assertThat(inbox.isEmpty()).isFalse();
        assertThat(inbox.poll(0)).isPresent();
        assertThatThrownBy(() -> inbox.poll(0)).hasMessage("broke");
    }

    @Test
    void closingLetsAWaitingReaderGo() throws Exception {
        Inbox inbox = new Inbox();
        inbox.offer(commit(0), 100 * MEGABYTE, 0);
        try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
            Future<Boolean> reader = threads.submit(() -> inbox.offer(commit(1), 100, 60_000));
            inbox.close();
            assertThat(reader.get()).isTrue();
        }
    }

    /** Whatever the sizes, and whoever is the faster one. */
    @Test
    void allComeInOrder() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        List<Integer> sizes = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            sizes.add(random.nextInt(100) == 0 ? random.nextInt(10 * MEGABYTE) : 100);
        }
        Inbox inbox = new Inbox();
        Callable<Void> read =
                () -> {
                    for (int i = 0; i < sizes.size(); i++) {
                        while (!inbox.offer(commit(i), sizes.get(i), 1000)) {
                            Thread.onSpinWait();
                        }
                    }
                    return null;
                };
        try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
            Future<Void> reader = threads.submit(read);
            for (int i = 0; i < sizes.size(); ) {
                Optional<Inbox.Item> item = inbox.poll(50);
                if (item.isPresent()) {
                    assertThat(number(item.get())).isEqualTo(i);
                    i++;
                }
            }
            reader.get();
        }
    }
}
