package org.pgchorus.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.Assumptions;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Chromium without a window, driven through chromedriver as a person would use it. What the page
 * complains of in its console is a failure.
 */
final class Browser implements AutoCloseable {
    /** Set to 1 where scenarios with a browser must not be left out. */
    private static final String REQUIRED = "PGCHORUS_TEST_REQUIRE_CHROMIUM";

    private static final Pattern PORT = Pattern.compile("started successfully on port (\\d+)");
    private static final String SEEN =
            """
            const element = document.querySelector(arguments[0]);
            return element !== null && element.checkVisibility();
            """;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

    private final HttpClient client = HttpClient.newHttpClient();
    private final Path profile;
    private final Process driver;
    private final URI session;

    private Browser(Path profile, Process driver) throws IOException {
        this.profile = profile;
        this.driver = driver;
        String base = "http://127.0.0.1:%s/session".formatted(port(driver));
        JsonNode begun =
                send(
                        "POST",
                        URI.create(base),
                        Map.of("capabilities", Map.of("alwaysMatch", wishes(profile))));
        this.session = URI.create(base + "/" + begun.get("sessionId").asText() + "/");
    }

    /** Starts one with an empty profile; skips the scenario if there is none on this machine. */
    static Browser start() throws IOException {
        boolean found = Stream.of("chromium", "chromedriver").allMatch(Browser::isInstalled);
        if (!found && "1".equals(System.getenv(REQUIRED))) {
            throw new AssertionError("chromium or chromedriver lacks, but " + REQUIRED + "=1");
        }
        Assumptions.assumeTrue(
                found,
                "left out: there is no browser (Debian: apt-get install chromium chromium-driver)");
        Path profile = Files.createTempDirectory("pgchorus-browser");
        Process driver =
                new ProcessBuilder("chromedriver", "--port=0").redirectErrorStream(true).start();
        try {
            return new Browser(profile, driver);
        } catch (IOException | RuntimeException | Error e) {
            driver.destroy();
            throw e;
        }
    }

    private static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static Map<String, Object> wishes(Path profile) {
        return Map.of(
                "goog:loggingPrefs",
                Map.of("browser", "ALL"),
                "goog:chromeOptions",
                Map.of(
                        "args",
                        List.of(
                                "--headless=new",
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-quic",
                                "--no-first-run",
                                "--disable-background-networking",
                                "--disable-component-update",
                                "--disable-sync",
                                "--force-prefers-reduced-motion",
                                "--user-data-dir=" + profile)));
    }

    private static String port(Process driver) throws IOException {
        BufferedReader said =
                new BufferedReader(
                        new InputStreamReader(driver.getInputStream(), StandardCharsets.UTF_8));
        String line = said.readLine();
        while (line != null) {
            Matcher port = PORT.matcher(line);
            if (port.find()) {
                return port.group(1);
            }
            line = said.readLine();
        }
        throw new IOException("chromedriver did not start");
    }

    private JsonNode send(String method, URI uri, Object body) {
        try {
            HttpRequest.BodyPublisher sent =
                    body == null
                            ? HttpRequest.BodyPublishers.noBody()
                            : HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body));
            HttpRequest request =
                    HttpRequest.newBuilder(uri)
                            .timeout(Duration.ofSeconds(60))
                            .method(method, sent)
                            .build();
            HttpResponse<String> answer =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException(uri + ": " + answer.body());
            }
            return JSON.readTree(answer.body()).get("value");
        } catch (IOException e) {
            throw new UncheckedIOException(uri.toString(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private JsonNode post(String command, Object body) {
        return send("POST", session.resolve(command), body);
    }

    void open(URI page) {
        post("url", Map.of("url", page.toString()));
    }

    /** What a function's body returns in the page. */
    JsonNode script(String body, Object... arguments) {
        return post("execute/sync", Map.of("script", body, "args", arguments));
    }

    private String find(String selector) {
        return post("element", Map.of("using", "css selector", "value", selector))
                .get(ELEMENT)
                .asText();
    }

    /** Waits for an element that can be seen, and clicks it as a mouse would. */
    void click(String selector) {
        awaitSeen(selector);
        post("element/%s/click".formatted(find(selector)), Map.of());
    }

    void type(String selector, String text) {
        awaitSeen(selector);
        String element = find(selector);
        post("element/%s/clear".formatted(element), Map.of());
        post("element/%s/value".formatted(element), Map.of("text", text));
    }

    private void awaitSeen(String selector) {
        TestGroup.await(selector + " is seen", () -> script(SEEN, selector).asBoolean());
    }

    /** The text of the first such element, empty if there is none. */
    String text(String selector) {
        return script("return document.querySelector(arguments[0])?.innerText ?? ''", selector)
                .asText();
    }

    void awaitText(String selector, String part) {
        TestGroup.await(
                "%s says %s, not %s".formatted(selector, part, text(selector)),
                () -> text(selector).contains(part));
    }

    int count(String selector) {
        return script("return document.querySelectorAll(arguments[0]).length", selector).asInt();
    }

    /** A window of that many pixels, whatever the smallest of a real one. */
    void size(int width, int height) {
        command(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    }

    void command(String name, Map<String, Object> parameters) {
        post("goog/cdp/execute", Map.of("cmd", name, "params", parameters));
    }

    /** Presses a key, such as the tabulator's {@code \\uE004}. */
    void press(String key) {
        post(
                "actions",
                Map.of(
                        "actions",
                        List.of(
                                Map.of(
                                        "type",
                                        "key",
                                        "id",
                                        "keyboard",
                                        "actions",
                                        List.of(
                                                Map.of("type", "keyDown", "value", key),
                                                Map.of("type", "keyUp", "value", key))))));
    }

    /** What the page complained of since this was last asked. */
    List<String> complaints() {
        return post("se/log", Map.of("type", "browser")).findValuesAsText("message");
    }

    @Override
    public void close() throws IOException {
        try {
            send("DELETE", URI.create(session.toString().replaceFirst("/$", "")), null);
        } finally {
            driver.destroy();
            client.close();
            try (Stream<Path> files = Files.walk(profile)) {
                files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
            }
        }
    }
}
