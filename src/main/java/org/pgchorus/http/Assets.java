package org.pgchorus.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The dashboard's files, all from the program itself: nothing is fetched from elsewhere. Any
 * thread.
 */
final class Assets {
    /**
     * What a browser may do with anything from here: load files and ask this server, nothing else.
     * No script or style stands in a page.
     */
    static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
                    + " connect-src 'self'; base-uri 'none'; form-action 'none';"
                    + " frame-ancestors 'none'";

    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final String PAGE = "index.html";
    private static final String CHART = "chart.js";

    private static final Map<String, String> TYPES =
            Map.of(
                    "html", "text/html; charset=utf-8",
                    "css", "text/css; charset=utf-8",
                    "js", "text/javascript; charset=utf-8",
                    "svg", "image/svg+xml");

    private static final Map<String, Reply.Document> READ = new ConcurrentHashMap<>();

    private Assets() {}

    /** The dashboard itself. */
    static Reply page() {
        return file(PAGE);
    }

    /** A file by its name. */
    static Reply file(String name) {
        if (!name.matches("[a-z]+\\.[a-z]+")) {
            return missing();
        }
        Reply.Document known = READ.get(name);
        if (known != null) {
            return known;
        }
        Optional<Reply.Document> read = read(name);
        read.ifPresent(document -> READ.put(name, document));
        return read.<Reply>map(it -> it).orElseGet(Assets::missing);
    }

    private static Reply missing() {
        return Reply.refusal(NOT_FOUND, "the dashboard has no such file");
    }

    private static Optional<Reply.Document> read(String name) {
        String type = TYPES.get(name.substring(name.indexOf('.') + 1));
        String place = name.equals(CHART) ? chart() : "/org/pgchorus/http/web/" + name;
        return type == null
                ? Optional.empty()
                : bytes(place).map(body -> new Reply.Document(OK, type, body));
    }

    /** The chart library lies in its jar under its version. */
    private static String chart() {
        String about = "/META-INF/maven/org.webjars.npm/chart.js/pom.properties";
        try (InputStream in = Assets.class.getResourceAsStream(about)) {
            Properties properties = new Properties();
            properties.load(in);
            return "/META-INF/resources/webjars/chart.js/%s/dist/chart.umd.min.js"
                    .formatted(properties.getProperty("version"));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + about, e);
        }
    }

    private static Optional<byte[]> bytes(String place) {
        try (InputStream in = Assets.class.getResourceAsStream(place)) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + place, e);
        }
    }
}
