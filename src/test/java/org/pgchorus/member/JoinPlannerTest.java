package org.pgchorus.member;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.member.JoinInventory.Remains;
import org.pgchorus.model.NodeName;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

class JoinPlannerTest {
    private static final NodeName A = new NodeName("a");
    private static final NodeName B = new NodeName("b");

    private static JoinInventory inventory(
            boolean copySchema, boolean copyRows, Optional<Remains> remains, Integer... strays) {
        return new JoinInventory(
                new NodeName("c"),
                7,
                A,
                List.of(A, B),
                copySchema,
                copyRows,
                3,
                4,
                remains,
                Arrays.asList(strays));
    }

    /** Whatever is asked for, and wherever an earlier join of it was broken off. */
    private static List<JoinInventory> all() {
        List<JoinInventory> all = new ArrayList<>();
        for (int bits = 0; bits < 32; bits++) {
            boolean copySchema = (bits & 1) > 0;
            boolean copyRows = (bits & 2) > 0;
            List<JoinStep> steps = plan(inventory(copySchema, copyRows, Optional.empty()));
            all.add(inventory(copySchema, copyRows, Optional.empty()));
            for (int done = 0; done <= steps.size(); done++) {
                Remains remains =
                        new Remains(
                                5,
                                words(steps.subList(0, done)),
                                (bits & 4) > 0,
                                (bits & 8) > 0,
                                (bits & 16) > 0);
                all.add(inventory(copySchema, copyRows, Optional.of(remains), 4));
            }
        }
        return all;
    }

    private static List<JoinStep> plan(JoinInventory inventory) {
        return JoinPlanner.plan(inventory);
    }

    private static Set<String> words(List<JoinStep> steps) {
        return Set.copyOf(steps.stream().map(JoinStep::word).toList());
    }

    @Test
    void noStepUsesWhatAnEarlierOneDidNotMake() {
        for (JoinInventory inventory : all()) {
            EnumSet<JoinStep.Thing> there = EnumSet.noneOf(JoinStep.Thing.class);
            JoinPlanner.done(inventory).forEach(step -> there.addAll(step.makes()));
            for (JoinStep step : plan(inventory)) {
                assertThat(there).as("%s in %s", step, inventory).containsAll(step.needs());
                there.addAll(step.makes());
            }
            assertThat(there).as("at the end of %s", inventory).contains(JoinStep.Thing.OPEN);
        }
    }

    @Test
    void wordsTellTheStepsOfAPlanApart() {
        for (JoinInventory inventory : all()) {
            List<JoinStep> steps =
                    plan(inventory).stream()
                            .filter(step -> !(step instanceof JoinStep.TakeBack))
                            .toList();
            assertThat(words(steps)).hasSize(steps.size());
        }
    }

    @Test
    void aJoinWhoseRowsAreThereGoesOnWhereItWas() {
        Remains remains =
                new Remains(5, Set.of("install", "shut", "rows", "indexes"), true, true, true);
        JoinInventory inventory = inventory(true, true, Optional.of(remains));
        assertThat(plan(inventory).stream().map(JoinStep::word))
                .containsExactly("arrange", "slots back", "enter", "open");
        assertThat(JoinPlanner.id(inventory)).isEqualTo(5);
    }

    @Test
    void aJoinWithoutItsRowsBeginsAgainUnderAnotherId() {
        Remains remains = new Remains(5, Set.of("install", "shut"), true, true, true);
        JoinInventory inventory = inventory(false, true, Optional.of(remains), 4);
        assertThat(plan(inventory).stream().map(JoinStep::text).limit(4))
                .containsExactly(
                        "take back what an earlier join of node c left behind (it had hardly"
                                + " begun)",
                        "take back what an earlier join of node c left behind (its rows were not"
                                + " complete)",
                        "examine the database of node c",
                        "note the join on a, b; the new node's id is 7");
        assertThat(JoinPlanner.id(inventory)).isEqualTo(7);
    }

    @Test
    void aJoinWhoseRowsFitNoLongerBeginsAgain() {
        for (boolean[] fits :
                List.of(
                        new boolean[] {false, true, true},
                        new boolean[] {true, false, true},
                        new boolean[] {true, true, false})) {
            Remains remains = new Remains(5, Set.of("rows"), fits[0], fits[1], fits[2]);
            assertThat(plan(inventory(true, true, Optional.of(remains))).getFirst())
                    .isInstanceOf(JoinStep.TakeBack.class);
        }
    }
}
