package org.pgchorus.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/**
 * A bench, too small to measure anything: both contestants end equal, every conflict is recorded.
 */
class BenchScenario {
    @Test
    void allEndEqual() throws InterruptedException {
        List<String> said = new ArrayList<>();
        Apply.Options options =
                new Apply.Options(18, List.of(), 2, 0.0005, true, "org.pgchorus.cli.Main", 256);
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
}
