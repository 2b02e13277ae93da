package org.pgchorus.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.List;

class WorkTest {
    private static Work work(String name, double scale) {
        return Work.all(scale).stream()
                .filter(w -> w.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void roundsWriteOtherKeys() {
        assertThat(work("W6", 0.01).load(0).getFirst()).endsWith("generate_series(1, 50000) i");
        assertThat(work("W6", 0.01).load(2).getFirst())
                .endsWith("generate_series(100001, 150000) i");
    }

    @Test
    void rowsAreDividedAmongAHundredTransactions() {
        List<String> load = work("W1", 1).load(1);
        assertThat(load).hasSize(100);
        assertThat(load.getFirst()).endsWith("generate_series(1000001, 1010000) i");
        assertThat(load.getLast()).endsWith("generate_series(1990001, 2000000) i");
    }

    @Test
    void scaleKeepsSomethingToMeasure() {
        assertThat(Work.all(0.000001))
                .allSatisfy(
                        w -> assertThat(w.units()).isEqualTo(w.name().equals("W6T") ? 2000 : 100));
    }

    @Test
    void oneInAHundredIsWrittenAtTheOtherNodeToo() {
        assertThat(work("W9", 1).conflicting(1).getFirst()).contains("FOR i IN 2001 .. 4000 LOOP");
        assertThat(work("W2", 1).conflicting(1)).isEmpty();
    }

    @Test
    void manyTablesAreWrittenInTurns() {
        assertThat(work("W6T", 1).load(1).getFirst())
                .contains("FOR i IN 0 .. 1999 LOOP")
                .contains("generate_series(1000001 + $1 * 500, 1000001 + ($1 + 1) * 500 - 1) j'");
        assertThat(work("W6T", 1).tables()).hasSize(201);
    }

    @Test
    void optionsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> options(List.of("W8"), 1, 1))
                .hasMessage("there is no work W8; there are W1, W2, W3, W5, W6, W6T, W9");
        assertThatThrownBy(() -> options(List.of(), 0, 1)).hasMessageContaining("--rounds");
        assertThatThrownBy(() -> options(List.of(), 1, 0)).hasMessageContaining("--scale");
        assertThatThrownBy(() -> options(List.of(), 1, Double.NaN)).hasMessageContaining("--scale");
    }

    private static Apply.Options options(List<String> works, int rounds, double scale) {
        return new Apply.Options(new Terms(18, "Main", 256), works, rounds, scale, true);
    }
}
