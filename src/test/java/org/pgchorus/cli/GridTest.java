package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class GridTest {
    @Test
    void columnsStandInLineAndNumbersFlushRight() {
        assertThat(
                        new Grid("from", ">lag", "state")
                                .row("n1", "5B", "ok")
                                .row("n10", "", "")
                                .text())
                .isEqualTo(
                        """
                        from  lag  state
                        n1     5B  ok
                        n10     -  -
                        """);
    }

    @Test
    void noRowsAreAHeadingAlone() {
        assertThat(new Grid("a", "b").text()).isEqualTo("a  b\n");
    }

    @Test
    void controlCharactersDoNotReachTheTerminal() {
        assertThat(new Grid("a").row("x\u001b[2Jy\n").text()).isEqualTo("a\nx?[2Jy?\n");
    }

    @Test
    void aRowOfAnotherWidthIsRefused() {
        assertThatThrownBy(() -> new Grid("a", "b").row("1"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
