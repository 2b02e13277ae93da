package org.pgchorus.example;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgchorus.config.Address;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** What the example's service answers while its database is away. */
class UserServiceTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final String ADA = "{\"name\": \"Ada\", \"email\": \"ada@example.org\"}";

    private static UserService service;

    @BeforeAll
    static void start() throws IOException {
        int port;
        try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = nobody.getLocalPort();
        }
        Address away = Address.parse("postgresql://postgres@127.0.0.1:%d/shop".formatted(port));
        service = UserService.start(0, away);
    }

    @AfterAll
    static void stop() {
        service.close();
        CLIENT.close();
    }

    private static HttpResponse<String> send(String method, String path, String body)
            throws IOException, InterruptedException {
        URI uri = service.uri().resolve(path);
        HttpRequest request =
                HttpRequest.newBuilder(uri)
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void itSaysTryAgain() throws Exception {
        HttpResponse<String> answer = send("POST", UserService.PATH, ADA);
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("try again");
        assertThat(answer.headers().firstValue("Retry-After")).contains("1");
    }

    @Test
    void whatIsRefusedAnywayIsRefusedAllTheSame() throws Exception {
        assertThat(send("POST", UserService.PATH, "{").statusCode()).isEqualTo(400);
        assertThat(send("POST", "/users", ADA).statusCode()).isEqualTo(404);
        HttpResponse<String> other = send("PUT", UserService.PATH, ADA);
        assertThat(other.statusCode()).isEqualTo(405);
        assertThat(other.headers().firstValue("Allow")).contains("POST");
        String longest = ADA + " ".repeat(UserService.MOST_BODY - ADA.length());
        assertThat(send("POST", UserService.PATH, longest + " ").statusCode()).isEqualTo(413);
        assertThat(send("POST", UserService.PATH, longest).statusCode()).isEqualTo(503);
    }
}
