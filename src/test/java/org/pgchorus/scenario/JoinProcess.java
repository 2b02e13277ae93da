package org.pgchorus.scenario;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Orders;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/** A join in a process of its own, which stops at a given point so that it can be killed there. */
final class JoinProcess {
    private static final String AT = "at: ";

    private JoinProcess() {}

    /**
     * Runs a join up to the first thing it says that begins in this way, and kills it there.
     *
     * @return what it said last; only at such a point does it begin with that
     */
    static String killAt(String beginning, JoinRequest request) {
        try {
            Process process = start(beginning, request);
            try (BufferedReader said = process.inputReader()) {
                StringBuilder all = new StringBuilder();
                for (String line = said.readLine(); line != null; line = said.readLine()) {
                    if (line.startsWith(AT)) {
                        return line.substring(AT.length());
                    }
                    all.append(line).append('\n');
                }
                return all.toString();
            } finally {
                process.destroyForcibly();
                process.onExit().join();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a join until something is so, and kills it then. */
    static void killWhen(String what, BooleanSupplier isSo, JoinRequest request) {
        Process process;
        try {
            process = start("never", request);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            TestGroup.await(what, isSo);
        } finally {
            process.destroyForcibly();
            process.onExit().join();
        }
    }

    private static Process start(String beginning, JoinRequest request) throws IOException {
        List<String> command =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        JoinProcess.class.getName(),
                        beginning,
                        request.node().name() + "=" + request.node().address().text(),
                        request.via().text(),
                        request.schema().name());
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** The process's own beginning. */
    public static void main(String[] arguments) throws InterruptedException {
        String beginning = arguments[0];
        JoinRequest request =
                new JoinRequest(
                        NodeAddress.parse(arguments[1]),
                        Address.parse(arguments[2]),
                        JoinRequest.Schema.valueOf(arguments[3]),
                        true,
                        2);
        Orders.join(request, new StopAt(beginning));
        System.out.println("ended");
    }

    private record StopAt(String beginning) implements JoinProgress {
        @Override
        public void step(String text) {
            if (!text.startsWith(beginning)) {
                System.out.println(text);
                return;
            }
            System.out.println(AT + text);
            System.out.flush();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void copied(String table, long bytesDone, long bytesTotal, long rows) {
            if (rows > 0) {
                step("copied " + table);
            }
        }
    }
}
