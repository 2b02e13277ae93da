package org.pgchorus.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the operating system says of processes. */
final class Proc {
    private Proc() {}

    /** The children of a process, theirs, and so on. */
    static List<Long> descendants(long process) {
        return ProcessHandle.of(process).stream()
                .flatMap(ProcessHandle::descendants)
                .map(ProcessHandle::pid)
                .toList();
    }

    /**
     * Whether a process is gone, or only its exit status waits to be read: in a container nobody
     * may ever read it.
     */
    static boolean dead(long process) {
        if (!ProcessHandle.of(process).map(ProcessHandle::isAlive).orElse(false)) {
            return true;
        }
        try {
            // "pid (name) state ...", where the name may hold any character.
            String stat = Files.readString(Path.of("/proc", Long.toString(process), "stat"));
            char state = stat.charAt(stat.lastIndexOf(')') + 2);
            return state == 'Z' || state == 'X';
        } catch (IOException goneOrNoProc) {
            return !ProcessHandle.of(process).map(ProcessHandle::isAlive).orElse(false);
        }
    }
}
