package org.pgchorus.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.config.NodeAddress;

import java.util.List;
import java.util.stream.Stream;

class HaproxyTest {
    private static final List<NodeAddress> NODES =
            Stream.of(
                            "n1=postgresql://app@db1.example/app",
                            "n2=postgresql://app@[2001:db8::2]:5433/app",
                            "n3=postgresql://app:secret@10.0.0.3,10.0.0.4/app")
                    .map(NodeAddress::parse)
                    .toList();

    private static List<String> servers(String health, boolean token, Haproxy.Mode mode) {
        return lines(health, token, mode).stream()
                .filter(line -> line.startsWith("server "))
                .toList();
    }

    private static List<String> lines(String health, boolean token, Haproxy.Mode mode) {
        return Haproxy.of(
                        NODES, new Haproxy.Options("*:5020", "127.0.0.1:7020", health, token, mode))
                .lines()
                .map(String::strip)
                .toList();
    }

    @Test
    void everyNodeIsAskedForByItsName() {
        assertThat(servers(":8008", false, Haproxy.Mode.ANY))
                .containsExactly(
                        "server n1 db1.example:5432 check port 8008",
                        "server n2 [2001:db8::2]:5433 check port 8008",
                        "server n3 10.0.0.3:5432 check port 8008");
        assertThat(lines(":8008", false, Haproxy.Mode.ANY))
                .contains(
                        "bind *:5020",
                        "bind 127.0.0.1:7020",
                        "balance leastconn",
                        "http-check send meth GET uri-lf \"/nodes/%[srv_name]/primary\" ver"
                                + " HTTP/1.1 hdr Host localhost",
                        "# n3 has 2 hosts; this is the first of them.");
    }

    @Test
    void onePlaceMayAnswerForAllAndWantAToken() {
        assertThat(servers("10.0.0.9:80", true, Haproxy.Mode.ANY))
                .allMatch(line -> line.endsWith(" check addr 10.0.0.9 port 80"));
        assertThat(lines("10.0.0.9:80", true, Haproxy.Mode.ANY))
                .anyMatch(line ->
                        line.endsWith("hdr Authorization \"Bearer %[env(PGCHORUS_HTTP_TOKEN)]\""));
    }

    @Test
    void onlyTheFirstIsUsedWhileItIsThere() {
        List<String> servers = servers(":8008", false, Haproxy.Mode.PREFERRED);
        assertThat(servers.getFirst()).doesNotContain("backup");
        assertThat(servers.subList(1, 3)).allMatch(line -> line.endsWith(" backup"));
    }

    @Test
    void passwordsStayOut() {
        assertThat(lines(":8008", true, Haproxy.Mode.STICKY))
                .noneMatch(line -> line.contains("secret"))
                .contains("balance source");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5000", "*:", "a b:1", "*:5000\nserver x", "db:123456"})
    void whatIsNoPlaceIsRefused(String place) {
        assertThatThrownBy(() ->
                        new Haproxy.Options(place, "*:7000", ":8008", false, Haproxy.Mode.ANY))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--listen");
    }
}
