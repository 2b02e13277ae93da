package org.pgchorus.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.Headers;

import org.junit.jupiter.api.Test;

import java.net.InetAddress;
import java.util.Optional;

/** Who may listen where, and who may ask. */
class BindingTest {
    private static final Optional<String> NONE = Optional.empty();
    private static final Optional<String> TOKEN = Optional.of("0123456789abcdef");

    private static Headers headers(String... namesAndValues) {
        Headers headers = new Headers();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return headers;
    }

    private static int refused(Binding binding, String... namesAndValues) {
        return Access.refusal(binding, Routes.Need.READ, headers(namesAndValues), false)
                .map(reply -> ((Reply.Document) reply).status())
                .orElse(200);
    }

    @Test
    void theMachineItselfNeedsNoToken() {
        assertThat(Binding.parse("127.0.0.1:8008", NONE).port()).isEqualTo(8008);
        assertThat(Binding.parse("[::1]:0", NONE).address().isLoopbackAddress()).isTrue();
        assertThat(Binding.parse("localhost:8008", NONE).toString()).endsWith(":8008");
    }

    @Test
    void anyOtherAddressNeedsOne() {
        for (String place : new String[] {"0.0.0.0:8008", ":8008", "*:8008", "[::]:8008"}) {
            assertThatThrownBy(() -> Binding.parse(place, NONE))
                    .as(place)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("--http-token-file")
                    .hasMessageContaining("PGCHORUS_HTTP_TOKEN");
            assertThat(Binding.parse(place, TOKEN).toString())
                    .contains("token")
                    .doesNotContain(TOKEN.get());
        }
    }

    @Test
    void whatIsNoPlaceOrNoTokenIsRefused() {
        for (String place : new String[] {"8008", "localhost", "localhost:x", "localhost:65536"}) {
            assertThatThrownBy(() -> Binding.parse(place, NONE))
                    .as(place)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (String token :
                new String[] {"", "short", "with a blank in it", "line\nline-line-line"}) {
            assertThatThrownBy(() -> Binding.parse("127.0.0.1:1", Optional.of(token)))
                    .hasMessageContaining("openssl rand -hex 32");
        }
    }

    @Test
    void aTokenHasToBeCarried() {
        Binding open = Binding.parse("0.0.0.0:0", TOKEN);
        assertThat(refused(open)).isEqualTo(401);
        assertThat(refused(open, "Authorization", "Bearer 0123456789abcdeF")).isEqualTo(401);
        assertThat(refused(open, "Authorization", "Basic " + TOKEN.get())).isEqualTo(401);
        assertThat(refused(open, "Authorization", "Bearer " + TOKEN.get())).isEqualTo(200);
        assertThat(refused(open, "authorization", "bearer " + TOKEN.get())).isEqualTo(200);
    }

    @Test
    void aNameThatWasMadeToPointHereReadsNothing() {
        Binding local = Binding.parse("127.0.0.1:0", NONE);
        for (String host : new String[] {"localhost", "localhost:8008", "127.0.0.1:1", "[::1]:1"}) {
            assertThat(refused(local, "Host", host)).as(host).isEqualTo(200);
        }
        assertThat(refused(local)).isEqualTo(200);
        assertThat(refused(local, "Host", "evil.example:8008")).isEqualTo(421);
    }

    private static int changing(Binding binding, boolean certified, String... namesAndValues) {
        return Access.refusal(binding, Routes.Need.CHANGE, headers(namesAndValues), certified)
                .map(reply -> ((Reply.Document) reply).status())
                .orElse(200);
    }

    @Test
    void nothingIsChangedWithoutATokenOrACertificate() {
        Binding none = Binding.parse("127.0.0.1:0", NONE);
        assertThat(changing(none, false)).isEqualTo(403);
        Binding some = none.withTokenForChanges(TOKEN.get());
        assertThat(refused(some)).isEqualTo(200);
        assertThat(changing(some, false)).isEqualTo(401);
        assertThat(changing(some, false, "Authorization", "Bearer " + TOKEN.get())).isEqualTo(200);
        assertThat(changing(some, true, "Host", "h:1")).isEqualTo(200);
        assertThat(changing(some, true, "Host", "h:1", "Origin", "https://h:1")).isEqualTo(200);
        assertThat(changing(some, true, "Host", "h:1", "Origin", "https://x")).isEqualTo(403);
    }

    @Test
    void whoAsksTooOftenWaits() {
        Rates rates = new Rates();
        InetAddress client = InetAddress.getLoopbackAddress();
        for (int i = 0; i < Rates.MOST; i++) {
            assertThat(rates.take(client, 0)).isEmpty();
        }
        assertThat(rates.take(client, 0)).hasValue(1);
        assertThat(rates.take(client, 1_000_000_000)).isEmpty();
        rates.guessed(client, 1_000_000_000);
    }
}
