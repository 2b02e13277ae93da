package org.pgchorus.conflict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * The law of the whole: when everything is delivered, all nodes are equal.
 *
 * <p>Other seeds: {@code -Dsimulation.first=100000 -Dsimulation.count=10000000}.
 */
class SimulatedClusterTest {
    private static final long FIRST = Long.getLong("simulation.first", 0);
    private static final long COUNT = Long.getLong("simulation.count", 100_000);

    /** The rarest of the wrong rules shows itself about once in 50,000 seeds, and here soon. */
    private static final long FIRST_TO_FAIL = 48_000;

    private static final long SEEDS_TO_FAIL = 400_000;

    @Test
    void allNodesAgreeWhenEverythingIsDelivered() {
        for (long seed = FIRST; seed < FIRST + COUNT; seed++) {
            Optional<String> fault = new SimulatedCluster(seed, Rules.TRUE).run();
            if (fault.isPresent()) {
                fail("seed " + seed + ": " + fault.get());
            }
        }
    }

    @Test
    void theSameSeedIsTheSameStory() {
        for (long seed = 0; seed < 200; seed++) {
            assertThat(new SimulatedCluster(seed, Rules.TIE_BY_APPLIER).run())
                    .as("seed %d", seed)
                    .isEqualTo(new SimulatedCluster(seed, Rules.TIE_BY_APPLIER).run());
        }
    }

    @ParameterizedTest
    @EnumSource(value = Rules.class, mode = EnumSource.Mode.EXCLUDE, names = "TRUE")
    void nodesDifferUnderAnyOtherRule(Rules wrong) {
        assertThat(firstFault(wrong)).as("a seed at which %s fails", wrong).isPresent();
    }

    private static OptionalLong firstFault(Rules rules) {
        for (long seed = FIRST_TO_FAIL; seed < FIRST_TO_FAIL + SEEDS_TO_FAIL; seed++) {
            if (new SimulatedCluster(seed, rules).run().isPresent()) {
                return OptionalLong.of(seed);
            }
        }
        return OptionalLong.empty();
    }
}
