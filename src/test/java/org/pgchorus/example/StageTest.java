package org.pgchorus.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** A stage shows what is done on it, stops at the first check that fails, and leaves nothing. */
class StageTest {
    private final List<String> printed = new ArrayList<>();

    @Test
    void whatIsDoneIsShown() throws InterruptedException {
        Examples.run(
                Planted.that(stage -> {
                    stage.step("One");
                    stage.export("PGCHORUS_GROUP", "it's there");
                    stage.pgchorus("status", "a b");
                    stage.check("water is wet", true);
                }),
                Planted.means(printed, 0));
        assertThat(printed)
                .containsExactly(
                        "",
                        "1. One",
                        "",
                        "  $ export PGCHORUS_GROUP='it'\\''s there'",
                        "  $ pgchorus status 'a b'",
                        "  {PGCHORUS_GROUP=it's there} [status, a b]",
                        "  and that is all",
                        "  ok  water is wet",
                        "",
                        "planted: 1 checks, all of them so.");
    }

    @Test
    void theFirstThingThatIsNotSoEndsItAndIsNamed() {
        List<String> closed = new ArrayList<>();
        AtomicReference<Path> file = new AtomicReference<>();
        Planted planted =
                Planted.that(stage -> {
                    stage.closing(() -> closed.add("first up"));
                    stage.closing(() -> closed.add("last up"));
                    file.set(stage.file("x"));
                    assertThat(file.get().getParent()).isDirectory();
                    stage.step("One");
                    stage.step("Two");
                    stage.checkEquals("two is three", 2, 3);
                    stage.check("never asked", true);
                });
        assertThatThrownBy(() -> Examples.run(planted, Planted.means(printed, 0)))
                .isInstanceOf(Unmet.class)
                .hasMessageContaining("step 2 (Two)")
                .hasMessageContaining("two is three")
                .hasMessageContaining("expected 2, found 3");
        assertThat(closed).containsExactly("last up", "first up");
        assertThat(file.get().getParent()).doesNotExist();
        assertThat(printed).last().asString().contains("NOT SO  two is three");
    }

    @Test
    void aCommandThatEndsOtherwiseThanItHasToIsUnmet() {
        Planted planted = Planted.that(stage -> stage.pgchorus("verify"));
        assertThatThrownBy(() -> Examples.run(planted, Planted.means(printed, 1)))
                .isInstanceOf(Unmet.class)
                .hasMessageContaining("pgchorus verify ends with 0")
                .hasMessageContaining("it ended with 1");
    }

    @Test
    void whatDoesNotComeInTimeIsUnmet() {
        Planted planted =
                Planted.that(stage -> {
                    try {
                        stage.eventually("pigs fly", Duration.ofMillis(50), () -> false);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
        assertThatThrownBy(() -> Examples.run(planted, Planted.means(printed, 0)))
                .isInstanceOf(Unmet.class)
                .hasMessageContaining("pigs fly")
                .hasMessageContaining("not within");
    }

    @Test
    void aPortThatIsTakenIsRefusedBeforeAnythingStarts() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            int port = taken.getLocalPort();
            Planted planted =
                    new Planted(List.of(port - 1), stage -> stage.step("must not be reached"));
            assertThatThrownBy(() -> Examples.run(planted, Planted.means(printed, 0)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("port %d".formatted(port))
                    .hasMessageContaining("--shift");
            assertThat(printed).isEmpty();
        }
    }

    @Test
    void oneThatRunsAlreadyIsRefused() throws InterruptedException {
        Means means = Planted.means(printed, 0);
        Planted inner = Planted.that(stage -> stage.step("must not be reached"));
        Examples.run(
                Planted.that(stage ->
                        assertThatThrownBy(() -> Examples.run(inner, means))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageContaining("runs already")
                                .hasMessageContaining("--down")),
                means);
    }

    @Test
    void whatAKilledRunLeftIsTakenDown() throws IOException, InterruptedException {
        assertThat(Premises.clear("planted", 7)).isEmpty();
        Process sleeper = new ProcessBuilder("sleep", "1000").start();
        Premises premises = Premises.open("planted", 7);
        premises.note(sleeper.toHandle());
        // As if the run had been another process, which is gone.
        Files.writeString(premises.file("run"), "1 0\n");
        assertThat(Premises.clear("planted", 7))
                .hasSize(2)
                .anyMatch(line -> line.contains("process " + sleeper.pid()))
                .anyMatch(line -> line.startsWith("removed "));
        assertThat(sleeper.waitFor()).isNotZero();
        assertThat(Premises.clear("planted", 7)).isEmpty();
    }

    @Test
    void aProcessBesideEndsWithTheExample() throws InterruptedException {
        AtomicReference<Background> beside = new AtomicReference<>();
        Examples.run(
                Planted.that(stage -> {
                    beside.set(stage.beside(List.of("sh", "-c", "echo here; sleep 1000")));
                    stage.check("it runs", beside.get().isRunning());
                }),
                Planted.means(printed, 0));
        assertThat(beside.get().isRunning()).isFalse();
    }
}
