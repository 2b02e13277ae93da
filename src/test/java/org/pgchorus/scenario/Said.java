package org.pgchorus.scenario;

import org.pgchorus.member.JoinProgress;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Keeps what a join says of its steps. Any thread. */
final class Said implements JoinProgress {
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();

    List<String> lines() {
        return List.copyOf(lines);
    }

    @Override
    public void step(String text) {
        lines.add(text);
    }

    @Override
    public void copied(String table, long bytesDone, long bytesTotal, long rows) {}
}
