package org.pgchorus.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.Map;

/** Options refuse what no server can be. */
class ServerOptionsTest {
    @Test
    void wrongOnesAreRefused() {
        assertThatThrownBy(() -> ServerOptions.of(11)).hasMessageContaining("12 to 18");
        assertThatThrownBy(() -> ServerOptions.of(18).port(65_536)).hasMessageContaining("65536");
        assertThatThrownBy(() -> ServerOptions.of(18).environment("A B", "x"))
                .hasMessageContaining("A B");
    }

    @Test
    void laterOnesAddToEarlierOnes() {
        ServerOptions options =
                ServerOptions.of(17).setting("a", "1").setting("b", "2").setting("a", "3");
        assertThat(options.settings()).isEqualTo(Map.of("a", "3", "b", "2"));
        assertThat(options.port(5441).settings()).isEqualTo(options.settings());
    }

    @Test
    void originsHaveTheirOwnLimitFrom18() {
        assertThat(ServerSettings.defaults(17)).doesNotContainKey("max_active_replication_origins");
        assertThat(ServerSettings.defaults(18))
                .containsEntry("max_active_replication_origins", "30");
    }
}
