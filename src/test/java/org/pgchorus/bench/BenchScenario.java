package org.pgchorus.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A bench, too small to measure anything: both contestants end equal, every conflict is recorded.
 */
class BenchScenario {
    private static final Terms TERMS = new Terms(18, "org.pgchorus.cli.Main", 256);

    @Test
    void allEndEqual() throws InterruptedException {
        List<String> said = new ArrayList<>();
        Apply.Options options = new Apply.Options(TERMS, List.of(), 2, 0.0005, true);
        List<Apply.Result> results = new Apply(options, said::add).run();
        assertThat(results).hasSize(7).allMatch(Apply.Result::equal, "equal");
        assertThat(results)
                .allSatisfy(result -> {
                    Work work = result.work();
                    boolean conflicting = work.kind() == Work.Kind.CONFLICTING;
                    assertThat(result.ratio().isPresent()).isNotEqualTo(conflicting);
                    assertThat(result.conflicts()).isEqualTo(2 * conflicts(work));
                    assertThat(result.ours().rounds()).hasSize(2);
                    assertThat(result.ours().othersMillis().isPresent())
                            .isEqualTo(work.kind() == Work.Kind.BESIDE_OTHERS);
                });
        assertThat(said).anyMatch(line -> line.contains("native, round 2"));
    }

    private static long conflicts(Work work) {
        return switch (work.name()) {
            case "W5" -> work.units();
            case "W9" -> work.units() / 100;
            default -> 0;
        };
    }

    @Test
    void distanceChangesNothingButTheTime() throws InterruptedException {
        Terms far = new Terms(18, "org.pgchorus.cli.Main", 256, Duration.ofMillis(4), true);
        Apply.Options options = new Apply.Options(far, List.of("W2"), 1, 0.0005, true);
        assertThat(new Apply(options, _ -> {}).run()).singleElement().matches(Apply.Result::equal);
    }

    @Test
    void everyCommitIsFoundAtTheOtherEnd() throws InterruptedException {
        List<String> said = new ArrayList<>();
        Delay.Result result = new Delay(new Delay.Options(TERMS, 2, 50, 1, true), said::add).run();
        assertThat(result.equal()).isTrue();
        for (Delay.Figure figure : List.of(result.ours(), result.reference().orElseThrow())) {
            assertThat(figure.median().count()).isEqualTo(2 * 2 * 50);
            assertThat(figure.rounds()).hasSize(2);
            assertThat(figure.rounds())
                    .allSatisfy(round ->
                            assertThat(round.p50()).isPositive().isLessThanOrEqualTo(round.p95()));
        }
        assertThat(said).anyMatch(line -> line.startsWith("native, round 2"));
    }

    @Test
    void everyCopyHasTheSameRows() throws InterruptedException {
        List<String> said = new ArrayList<>();
        Copy.Result result = new Copy(new Copy.Options(18, 2, 0.001, 2, true), said::add).run();
        assertThat(result.equal()).isTrue();
        assertThat(result.rows()).isEqualTo(4000);
        assertThat(result.ours().rounds()).hasSize(2);
        assertThat(result.ours().joinSeconds()).isPresent();
        assertThat(result.ratio()).isPresent();
        assertThat(said).hasSize(2 + 4).allMatch(line -> line.endsWith(" s, equal"));
        assertThat(said.subList(0, 2)).allMatch(line -> line.contains("does not count"));
    }

    @Test
    void nodesAreFoundEqual() throws InterruptedException {
        List<String> said = new ArrayList<>();
        Comparison.Result result =
                new Comparison(new Comparison.Options(TERMS, 2, 0.001, true), said::add).run();
        assertThat(result.equal()).isTrue();
        assertThat(result.rows()).isEqualTo(2000);
        assertThat(result.ours().rounds()).hasSize(2);
        assertThat(result.ratio()).isPresent();
        assertThat(said).hasSize(4).anyMatch(line -> line.startsWith("hash, round 2"));
    }

    @Test
    void everyWayIsMeasured() throws InterruptedException {
        List<String> said = new ArrayList<>();
        Routing.Options options = new Routing.Options(18, "org.pgchorus.cli.Main", 2, 2, 1);
        Routing.Result result = new Routing(options, said::add).run();
        assertThat(result.ours().rounds()).hasSize(2).allMatch(rate -> rate > 0);
        assertThat(result.direct().cpuMicros()).isZero();
        assertThat(result.ours().delay().count()).isPositive();
        assertThat(said).anyMatch(line -> line.startsWith("ours, round 2"));
    }
}
