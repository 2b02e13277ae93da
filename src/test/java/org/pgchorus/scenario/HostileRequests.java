package org.pgchorus.scenario;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Random;

/** Requests of HTTP as nobody in his right mind sends them; the same seed gives the same ones. */
final class HostileRequests {
    private static final List<String> METHODS =
            List.of(
                    "GET",
                    "GET",
                    "GET",
                    "POST",
                    "POST",
                    "HEAD",
                    "OPTIONS",
                    "PUT",
                    "DELETE",
                    "PATCH",
                    "TRACE",
                    "CONNECT",
                    "get",
                    "G\tET",
                    "GET\0",
                    "\u00e4",
                    "POST POST",
                    "");

    private static final List<String> PATHS =
            List.of(
                    "/",
                    "/ui/app.js",
                    "/primary",
                    "/nodes/a/replica",
                    "/nodes/%61/primary",
                    "/cluster",
                    "/metrics",
                    "/api/v1",
                    "/api/v1/status",
                    "/api/v1/links",
                    "/api/v1/timeline",
                    "/api/v1/history",
                    "/api/v1/tasks",
                    "/api/v1/tasks/1",
                    "/api/v1/tasks/999999999999999999999",
                    "/api/v1/conflicts/a:1/undo",
                    "/api/v1/links/a/b/pause",
                    "/api/v1/nodes/a/read-only",
                    "/api/v1/nodes/b/drain",
                    "/api/v1/verify",
                    "*",
                    "mailto:root",
                    "http://elsewhere.example/api/v1/status",
                    "//elsewhere/cluster",
                    "nothing");

    private static final List<String> WORDS =
            List.of(
                    "%",
                    "%zz",
                    "%00",
                    "%ff%fe",
                    "%2e%2e/",
                    "..%2f",
                    "/../../etc/passwd",
                    "\\",
                    "'",
                    "\"",
                    ";DROP TABLE t;--",
                    "$body$",
                    "<script>",
                    "%0d%0aX: y",
                    "\u202e",
                    "{name}",
                    "a/b",
                    "?",
                    "#",
                    "&",
                    "=",
                    "%f0%9f%98%80",
                    " ",
                    "\0",
                    "%c0%af",
                    "..;/");

    private static final List<String> QUESTIONS =
            List.of(
                    "lag=",
                    "lag=-1MB",
                    "lag=99999999999999999999GB",
                    "limit=0",
                    "limit=1e9",
                    "since=yesterday",
                    "since=+999999999-12-31T23:59:59Z",
                    "node=%00",
                    "node=A",
                    "table=%22",
                    "table=*.*.*",
                    "table='",
                    "between=a",
                    "between=a,b,c,,",
                    "timeout=0",
                    "timeout=-5s",
                    "timeout=999999999999h",
                    "%zz=%",
                    "&&&=&");

    private static final List<String> HEADERS =
            List.of(
                    "Host: 127.0.0.1",
                    "Host: localhost:1",
                    "Host: elsewhere.example",
                    "Host: ",
                    "Authorization: Bearer ",
                    "Authorization: Bearer a-token-to-change-things",
                    "Authorization: Basic YTpi",
                    "Authorization: Bearer \u00ff\u00fe",
                    "Origin: https://elsewhere.example",
                    "Accept: text/html;q=much, */*;q=-1",
                    "Accept: application/openmetrics-text; version=9.9",
                    "Content-Type: application/json; charset=nothing",
                    "Content-Length: -1",
                    "Content-Length: 99999999999999999999",
                    "Content-Length: 5",
                    "Content-Length: 0",
                    "Content-Length: x",
                    "Transfer-Encoding: chunked",
                    "Transfer-Encoding: gzip, chunked",
                    "Expect: 100-continue",
                    "Expect: 200-everything",
                    "Connection: close, keep-alive, upgrade",
                    "Upgrade: h2c",
                    "Range: bytes=-1,5-",
                    "X-Forwarded-For: 127.0.0.1",
                    "no colon here",
                    ": no name",
                    " folded: line",
                    "X-Null: \0",
                    "\u00e4: \u00f6");

    private static final List<String> BODIES =
            List.of(
                    "",
                    "",
                    "{",
                    "{\"a\":".repeat(2000),
                    "5\r\nabc",
                    "ffffffffffffffff\r\nabc\r\n",
                    "-1\r\n\r\n",
                    "zz\r\n",
                    "0\r\n\r\nGET /api/v1/links/a/b/pause HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    "\u00ff\u00fe\u00fd");

    private final Random random;

    HostileRequests(long seed) {
        random = new Random(seed);
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    /** Another one. */
    byte[] next() {
        StringBuilder text = new StringBuilder(one(METHODS)).append(' ').append(path());
        text.append(random.nextInt(20) == 0 ? " HTTP/7.x" : " HTTP/1.1").append("\r\n");
        if (random.nextInt(4) > 0) {
            text.append("Host: localhost\r\n");
        }
        for (int i = random.nextInt(5); i > 0; i--) {
            text.append(one(HEADERS)).append(random.nextInt(10) == 0 ? "\n" : "\r\n");
        }
        if (random.nextInt(50) == 0) {
            text.append("X-Long: ").append("x".repeat(20_000)).append("\r\n");
        }
        if (random.nextInt(50) == 0) {
            text.append("X: y\r\n".repeat(300));
        }
        text.append("\r\n").append(one(BODIES));
        byte[] bytes = text.toString().getBytes(random.nextBoolean() ? UTF_8 : ISO_8859_1);
        return random.nextInt(5) == 0 ? damaged(bytes) : bytes;
    }

    private String path() {
        StringBuilder path = new StringBuilder(one(PATHS));
        for (int i = random.nextInt(3); i > 0; i--) {
            path.insert(random.nextInt(path.length() + 1), one(WORDS));
        }
        if (random.nextInt(40) == 0) {
            path.append("/x".repeat(4000));
        }
        if (random.nextInt(3) == 0) {
            path.append('?').append(one(QUESTIONS)).append('&').append(one(QUESTIONS));
        }
        return path.toString();
    }

    private byte[] damaged(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int end = random.nextInt(3) == 0 ? random.nextInt(bytes.length) : bytes.length;
        for (int i = 0; i < end; i++) {
            switch (random.nextInt(200)) {
                case 0 -> out.write(random.nextInt(256));
                case 1 -> out.write(bytes, i, Math.min(20, end - i));
                default -> out.write(bytes[i]);
            }
        }
        return out.toByteArray();
    }
}
