package org.pgchorus.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

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
        assertThat(results).hasSize(5).allMatch(Apply.Result::equal, "equal");
        assertThat(results)
                .allSatisfy(result -> {
                    boolean conflicting = result.work().conflicting();
                    assertThat(result.ratio().isPresent()).isNotEqualTo(conflicting);
                    assertThat(result.conflicts())
                            .isEqualTo(conflicting ? 2 * result.work().units() : 0);
                    assertThat(result.ours().rounds()).hasSize(2);
                });
        assertThat(said).anyMatch(line -> line.contains("native, round 2"));
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
        assertThat(said).hasSize(4).allMatch(line -> line.endsWith(" s, equal"));
    }
}
