package org.pgchorus.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.Optional;

/** Service files as libpq reads them. */
class ServiceFileTest {
    private static final String FILE =
            """
            # ours
            [one]
            host=db1
            port=6000
            host=ignored

            [two words]
              dbname=a b=c
            [one]
            user=late
            """;

    @Test
    void theFirstSectionAndTheFirstOfAWordCount() {
        assertThat(ServiceFile.find(FILE, "one")).contains(Address.parse("host=db1 port=6000"));
        assertThat(ServiceFile.find(FILE, "two words")).contains(Address.parse("dbname='a b=c'"));
        assertThat(ServiceFile.find(FILE, "three")).isEmpty();
    }

    @Test
    void wrongLinesAreNamed() {
        assertThatThrownBy(() -> ServiceFile.find("[a]\nhost db1", "a"))
                .hasMessage("service \"a\", line 2: not of the form word=value");
        assertThatThrownBy(() -> ServiceFile.find("[a]\nprot=1", "a"))
                .hasMessageContaining("line 2")
                .hasMessageContaining("did you mean \"port\"?");
        assertThatThrownBy(() -> ServiceFile.find("[a]\nservice=b", "a"))
                .hasMessageContaining("cannot name another service");
        assertThat(ServiceFile.find("[b]\nprot=1\n[a]\nport=1", "a")).isPresent();
    }

    @Test
    void pathsAreLibpqs() {
        assertThat(
                        ServiceFile.paths(
                                Optional.empty(), Map.of("HOME", "/h", "PGSYSCONFDIR", "/etc")))
                .containsExactly("/h/.pg_service.conf", "/etc/pg_service.conf");
        assertThat(ServiceFile.paths(Optional.empty(), Map.of("HOME", "/h", "PGSERVICEFILE", "/s")))
                .containsExactly("/s");
        assertThat(ServiceFile.paths(Optional.of("/x"), Map.of("PGSERVICEFILE", "/s")))
                .containsExactly("/x");
    }
}
