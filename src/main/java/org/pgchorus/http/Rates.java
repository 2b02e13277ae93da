package org.pgchorus.http;

import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * How often a client may ask: each address has a bucket that fills as time goes on and that every
 * request takes from. Any thread.
 */
final class Rates {
    /** A dashboard that is opened, with all its files, several times at once. */
    static final int MOST = 500;

    static final int PER_SECOND = 200;

    /** A token that is not the one costs as much as so many requests. */
    static final int GUESS = 50;

    private static final int ADDRESSES = 1000;
    private static final double NANOS = 1e9;

    private final Map<InetAddress, Bucket> buckets =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<InetAddress, Bucket> eldest) {
                    return size() > ADDRESSES;
                }
            };

    private record Bucket(double content, long nanos) {
        Bucket at(long now) {
            return new Bucket(Math.min(MOST, content + (now - nanos) / NANOS * PER_SECOND), now);
        }

        Bucket less(int amount) {
            return new Bucket(content - amount, nanos);
        }
    }

    /**
     * Takes a request; how many seconds to wait instead if there were too many, empty if not.
     *
     * @param nowNanos by {@link System#nanoTime}
     */
    synchronized OptionalLong take(InetAddress client, long nowNanos) {
        Bucket bucket = buckets.getOrDefault(client, new Bucket(MOST, nowNanos)).at(nowNanos);
        if (bucket.content < 1) {
            buckets.put(client, bucket);
            return OptionalLong.of((long) Math.ceil((1 - bucket.content) / PER_SECOND));
        }
        buckets.put(client, bucket.less(1));
        return OptionalLong.empty();
    }

    /** A client showed a token that is not the one. */
    synchronized void guessed(InetAddress client, long nowNanos) {
        Bucket bucket = buckets.getOrDefault(client, new Bucket(MOST, nowNanos)).at(nowNanos);
        buckets.put(client, bucket.less(GUESS));
    }
}
