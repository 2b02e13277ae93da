package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.bench.Quantiles;
import org.pgchorus.bench.Routing;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

class RouteCommandTest {
    private static final String NODE = "n1=postgresql://postgres@127.0.0.1:1/app";

    private static Typed route(String... words) {
        List<String> all =
                new ArrayList<>(
                        List.of("route", "--listen", "127.0.0.1:0", "--stats", "127.0.0.1:0"));
        all.addAll(List.of(words));
        return Typed.of(all.toArray(String[]::new));
    }

    private static void assertRefused(Typed typed, String text) {
        assertThat(typed.err()).contains(text);
        assertThat(typed.status()).isEqualTo(Exit.WRONG_USE);
    }

    @Test
    void whatCannotBeIsRefusedBeforeAnythingListens() {
        assertRefused(Typed.of("route", "--listen", "here", NODE), "\"here\" is not HOST:PORT");
        assertRefused(Typed.of("route", "--listen", "127.0.0.1:70000", NODE), "is not HOST:PORT");
        assertRefused(route("--mode", "stiky", NODE), "sticky");
        assertRefused(route("--max-connections", "0", NODE), "from 1 to 20000");
        assertRefused(route("--start-timeout", "0s", NODE), "--start-timeout");
        assertRefused(route("--health", "elsewhere", NODE), "is not [HOST]:PORT");
        assertRefused(route("--first", "n7", NODE), "there is no node n7");
    }

    @Test
    void statisticsForOthersNeedAToken() {
        assertRefused(Typed.of("route", "--stats", "*:0", NODE), "clients need a token");
    }

    @Test
    void theBenchAnswersAListWithARatio() {
        Quantiles delay = new Quantiles(1000, 0.5, 1, 2, 3);
        Routing.Figure direct = new Routing.Figure(2000, List.of(2000.0), delay, 0);
        Routing.Figure ours = new Routing.Figure(1500, List.of(1500.0), delay, 10);
        Routing.Figure haproxy = new Routing.Figure(1000, List.of(1000.0), delay, 20);
        Routing.Result result = new Routing.Result(direct, ours, Optional.of(haproxy));
        assertThat(BenchRouteCommand.text(result)).contains("1.50", "haproxy", "10.0 us");
        assertThat(BenchRouteCommand.json(result).getFirst())
                .containsEntry("work", "route")
                .containsEntry("ours", 1500.0)
                .containsEntry("native", Optional.of(1000.0))
                .containsEntry("ratio", Optional.of(1.5));
        Routing.Result alone = new Routing.Result(direct, ours, Optional.empty());
        assertThat(alone.ratio()).isEmpty();
        assertThat(BenchRouteCommand.text(alone)).doesNotContain("haproxy");
    }
}
