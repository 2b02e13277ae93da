package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.example.Example;
import org.pgchorus.example.Examples;
import org.pgchorus.example.Stage;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/** {@code pgchorus example} without servers: the list, refusals, and a check that fails. */
class ExampleCommandTest {
    /** Its one check is not so. */
    private static final Example UNMET =
            new Example() {
                @Override
                public String name() {
                    return "unmet";
                }

                @Override
                public String summary() {
                    return "for tests";
                }

                @Override
                public List<Integer> ports() {
                    return List.of();
                }

                @Override
                public void play(Stage stage) {
                    stage.step("The only one");
                    stage.pgchorus("version");
                    stage.check("up is down", false);
                }
            };

    @Test
    void withoutANameItListsAll() {
        Typed typed = Typed.of("example");
        assertThat(typed.status()).isEqualTo(Exit.WELL);
        for (Example example : Examples.ALL) {
            assertThat(typed.out()).contains(example.name(), example.summary());
        }
    }

    @Test
    void anUnknownNameIsRefusedWithTheNearest() {
        Typed typed = Typed.of("example", "quick-stat");
        assertThat(typed.status()).isEqualTo(Exit.WRONG_USE);
        assertThat(typed.err()).contains("did you mean \"quick-start\"?");
    }

    @Test
    void whereNothingIsLeftDownSaysSo() {
        Typed typed = Typed.of("example", "quick-start", "--down", "--shift", "3");
        assertThat(typed.status()).isEqualTo(Exit.WELL);
        assertThat(typed.out()).contains("nothing of the example quick-start is left");
    }

    @Test
    void aCheckThatFailsEndsWithOneAndIsNamed() throws InterruptedException {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status =
                ExampleCommand.run(
                        UNMET,
                        ExampleCommand.meansOf(new PrintWriter(out), 0, false),
                        new PrintWriter(err));
        assertThat(status).isEqualTo(Exit.DIFFERS);
        assertThat(out.toString()).contains("$ pgchorus version", "NOT SO  up is down");
        assertThat(err.toString())
                .startsWith("pgchorus: error: example unmet, step 1 (The only one)")
                .contains("up is down");
    }
}
