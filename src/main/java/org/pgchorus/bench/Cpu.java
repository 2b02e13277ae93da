package org.pgchorus.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What processes of this machine have used. Zero where the system does not tell. */
final class Cpu {
    private Cpu() {}

    /** CPU time of some processes since they began; one that is gone counts as nothing. */
    static Duration of(List<Long> processes) {
        Duration sum = Duration.ZERO;
        for (long process : processes) {
            sum =
                    sum.plus(
                            ProcessHandle.of(process)
                                    .flatMap(handle -> handle.info().totalCpuDuration())
                                    .orElse(Duration.ZERO));
        }
        return sum;
    }

    /** The most memory that a process has ever held; Linux only. */
    static long peakBytes(long process) {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(process), "status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .map(line -> line.replaceAll("[^0-9]", ""))
                    .mapToLong(kilobytes -> Long.parseLong(kilobytes) << 10)
                    .findFirst()
                    .orElse(0);
        } catch (NoSuchFileException notThisSystem) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
