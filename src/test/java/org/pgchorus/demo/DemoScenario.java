package org.pgchorus.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgchorus.config.Address;
import org.pgchorus.http.Binding;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The demonstration keeps what it promises: all nodes equal, and nothing left. */
@Timeout(180)
class DemoScenario {
    private static final Pattern ADDRESS = Pattern.compile("psql (postgresql://\\S+)");

    private static final Pattern DASHBOARD = Pattern.compile("Dashboard: (http://\\S+)/ ");

    private volatile String metrics = "";

    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());

    @Test
    void threeNodesWriteInEachOthersWayAndConverge() throws InterruptedException {
        Demo.Http http = new Demo.Http(Binding.parse("127.0.0.1:0", Optional.empty()), false);
        assertThat(new Demo(DemoOptions.of(3, 5), Optional.of(http), this::hear).run())
                .as(text())
                .isTrue();
        assertThat(lines).contains("converged").noneMatch(line -> line.contains("differs;"));
        assertThat(lines).anyMatch(line -> line.matches(" +\\d+  update_origin_differs"));
        assertThat(lines).allMatch(line -> line.length() <= 80);
        assertThat(lines)
                .anyMatch(line -> line.matches("To see n3 fail there: kill -9 \\d+\\. .*"));
        assertThat(metrics)
                .containsPattern("apply_latency_seconds_count\\{from=\"n1\",to=\"n2\"} [1-9]")
                .containsPattern("apply_latency_seconds_count\\{from=\"n3\",to=\"n1\"} [1-9]");
        List<Address> nodes = addresses();
        assertThat(nodes).hasSize(3);
        for (Address node : nodes) {
            assertThatThrownBy(() -> Session.open(node, "test")).isInstanceOf(PgError.class);
        }
    }

    /** Asks for the metrics in the middle of the load. */
    private void hear(String line) {
        lines.add(line);
        if (line.startsWith("    3 s")) {
            metrics = get(DASHBOARD.matcher(text()).results().findFirst().orElseThrow().group(1));
        }
    }

    private static String get(String place) {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(place + "/metrics")).build();
            return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Test
    void dataToKeepStayAndNothingElse(@TempDir Path directory)
            throws IOException, InterruptedException {
        DemoOptions options =
                new DemoOptions(2, 0, 50, OptionalInt.empty(), 18, Optional.of(directory));
        Demo demo = new Demo(options, lines::add);
        Thread told =
                Thread.ofVirtual()
                        .start(() ->
                                Poll.until(
                                        java.time.Duration.ofSeconds(100),
                                        () ->
                                                lines.stream()
                                                                .anyMatch(it ->
                                                                        it.startsWith("    1 s"))
                                                        && demo.endLoad()));
        assertThat(demo.run()).as(text()).isTrue();
        told.join();
        assertThat(lines).contains("converged");
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left.map(it -> it.getFileName().toString()))
                    .containsExactlyInAnyOrder("n1", "n2");
        }
        assertThat(directory.resolve("n1/data/PG_VERSION")).exists();
        assertThat(directory.resolve("n1/data/postmaster.pid")).doesNotExist();
        assertThatThrownBy(() -> new Demo(options, lines::add))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("exists already");
    }

    @Test
    void aTakenPortIsRefusedIfItWasAskedFor() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            DemoOptions options =
                    new DemoOptions(
                            2, 1, 50, OptionalInt.of(taken.getLocalPort()), 18, Optional.empty());
            assertThatThrownBy(() -> new Demo(options, lines::add))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("port " + taken.getLocalPort() + " is taken");
        }
    }

    private List<Address> addresses() {
        return ADDRESS.matcher(text())
                .results()
                .map(MatchResult::group)
                .map(it -> Address.parse(it.substring("psql ".length())))
                .toList();
    }

    private String text() {
        return String.join("\n", lines);
    }
}
