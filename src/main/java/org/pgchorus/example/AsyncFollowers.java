package org.pgchorus.example;

import org.pgchorus.pg.Sheet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One writer, three asynchronous followers, and an application that only knows the writer. */
final class AsyncFollowers implements Example {
    private static final int MASTER_PORT = 5450;
    private static final int SERVICE_PORT = 8450;
    private static final int MAJOR = 18;
    private static final int REQUESTS = 10_000;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final List<String> LIMITS = List.of("max_replication_slots", "max_wal_senders");

    private static final String USERS =
            """
            CREATE TABLE users (
                id         bigserial PRIMARY KEY,
                name       text NOT NULL,
                email      text NOT NULL UNIQUE,
                created_at timestamptz NOT NULL DEFAULT now()
            )\
            """;

    private static final String USERS_WITHOUT_NAMES =
            "CREATE TABLE users (id bigint PRIMARY KEY, created_at timestamptz)";

    private static final String COUNT = "SELECT count(*) FROM users";

    @Override
    public String name() {
        return "async-followers";
    }

    @Override
    public String summary() {
        return "one writer, three asynchronous followers, and an HTTP service that takes 10,000"
                + " requests";
    }

    @Override
    public List<Integer> ports() {
        return List.of(
                MASTER_PORT, MASTER_PORT + 1, MASTER_PORT + 2, MASTER_PORT + 3, SERVICE_PORT);
    }

    @Override
    public void play(Stage stage) throws InterruptedException {
        stage.step("Four servers, with the table everywhere");
        List<Node> nodes =
                stage.start(
                        server("master", 0),
                        server("all", 1),
                        server("part", 2),
                        server("part", 3));
        new Run(stage, nodes.getFirst(), nodes.subList(1, nodes.size())).play();
    }

    private static Node.Wanted server(String name, int number) {
        return new Node.Wanted(name, MASTER_PORT + number, MAJOR, "shop");
    }

    /** One run, with its servers. */
    private record Run(Stage stage, Node master, List<Node> followers) {
        void play() throws InterruptedException {
            stage.sql(master, USERS);
            stage.sql(followers.get(0), USERS);
            stage.sql(followers.get(1), USERS);
            stage.sql(followers.get(2), USERS_WITHOUT_NAMES);
            tooFewSlots();
            follow();
            UserService service =
                    UserService.start(stage.port(SERVICE_PORT), master.address().address());
            stage.closing(service::close);
            answers(service);
            load(service);
            inspect();
            truncate();
            writeAtAFollower();
            stage.standIfKept();
            takeDown();
        }

        private void tooFewSlots() {
            stage.step("Too few slots and senders are found before they are missed");
            stage.say("The master has room for two followers:");
            master.server()
                    .restartWith(
                            Map.of("max_replication_slots", "2", "max_wal_senders", "2"), Map.of());
            List<String> check = new ArrayList<>(List.of("check", master.at()));
            followers.forEach(it -> check.add(it.at()));
            Said found = stage.pgchorusEnding(1, check.toArray(String[]::new));
            for (String name : LIMITS) {
                stage.check(
                        name + " is found, and its cure",
                        found.text().contains(name + " is 2 and 0")
                                && found.text().contains("cure: " + cure(name) + ";"));
            }
            stage.say("Done as it says, and the server started again:");
            LIMITS.forEach(name -> stage.sql(master, cure(name)));
            master.server().restart();
            stage.pgchorus("check", master.at());
        }

        private static String cure(String limit) {
            return "ALTER SYSTEM SET %s = '10'".formatted(limit);
        }

        private void follow() {
            stage.step("Three followers, two of them under one name");
            for (Node follower : followers) {
                stage.serve(follower);
            }
            follow(followers.get(0));
            stage.say("This one wants every second user:");
            follow(followers.get(1), "--where", "users=id % 2 = 0");
            stage.say("And this one no personal data; it has the same name, and nothing clashes:");
            follow(followers.get(2), "--columns", "users=id,created_at");
            stage.checkEquals(
                    "the master has a slot for each",
                    "3",
                    stage.quietly(master, "SELECT count(*) FROM pg_replication_slots").value());
        }

        private void follow(Node follower, String... more) {
            List<String> words =
                    new ArrayList<>(
                            List.of(
                                    "node",
                                    "follow",
                                    follower.typed(),
                                    "--via",
                                    master.at(),
                                    "--schema",
                                    "existing",
                                    "--table",
                                    "users"));
            words.addAll(List.of(more));
            stage.pgchorus(words.toArray(String[]::new));
        }

        private void answers(UserService service) throws InterruptedException {
            stage.step("An application: POST %s".formatted(UserService.PATH));
            try (HttpClient client = HttpClient.newHttpClient()) {
                ask(client, service, 201, "{\"name\": \"Ada\", \"email\": \"ada@example.org\"}");
                ask(client, service, 409, "{\"name\": \"Ad\", \"email\": \"ada@example.org\"}");
                ask(client, service, 400, "{\"name\": \"Bob\", \"email\":");
                ask(client, service, 400, "{\"name\": \"Bob\"}");
                ask(client, service, 400, "{\"name\": \"Bob\", \"email\": \"nowhere\"}");
                String long101 = "B".repeat(101);
                ask(
                        client,
                        service,
                        400,
                        "{\"name\": \"%s\", \"email\": \"b@c\"}".formatted(long101));
                ask(client, service, 413, "B".repeat(UserService.MOST_BODY + 1));
            }
        }

        private void ask(HttpClient client, UserService service, int status, String body)
                throws InterruptedException {
            HttpResponse<String> answer;
            try {
                answer = UserLoad.post(client, service.uri(), body);
            } catch (IOException e) {
                throw new UncheckedIOException("the service does not answer", e);
            }
            String shown =
                    body.length() <= 80
                            ? body
                            : body.substring(0, 40) + "... (%d bytes)".formatted(body.length());
            stage.show("POST %s %s".formatted(UserService.PATH, shown));
            stage.show("  %d %s".formatted(answer.statusCode(), answer.body()));
            stage.checkEquals("it is answered " + status, status, answer.statusCode());
        }

        private void load(UserService service) throws InterruptedException {
            stage.step("%,d requests, and every server's rows once a second".formatted(REQUESTS));
            stage.show("second   201s  master     all  part (rows)  part (columns)");
            try (UserLoad load = UserLoad.start(service.uri(), REQUESTS)) {
                long began = System.nanoTime();
                for (int second = 1; !load.isDone(); second++) {
                    long due = began + TimeUnit.SECONDS.toNanos(second);
                    while (!load.isDone() && due - System.nanoTime() > 0) {
                        TimeUnit.MILLISECONDS.sleep(10);
                    }
                    show(second, load);
                }
                stage.checkEquals(
                        "each request got 201", Map.of(201, (long) REQUESTS), load.answers());
                stage.check(
                        "none failed: " + load.failure().orElse("none"), load.failure().isEmpty());
            }
            for (Node follower : followers) {
                stage.pgchorus("wait", "--group", follower.at());
            }
            stage.checkEquals(
                    "the master and its followers have all users, half of them, all of them",
                    List.of("10001", "10001", "5000", "10001"),
                    counts());
            stage.pgchorus("status", "--group", followers.getFirst().at());
            stage.pgchorus("lag", "--group", followers.getLast().at());
        }

        private void show(int second, UserLoad load) {
            List<String> counts = counts();
            stage.show(
                    "%6d  %5d  %6s  %6s  %11s  %14s"
                            .formatted(
                                    second,
                                    load.answers().getOrDefault(201, 0L),
                                    counts.get(0),
                                    counts.get(1),
                                    counts.get(2),
                                    counts.get(3)));
        }

        private List<String> counts() {
            List<String> counts = new ArrayList<>(List.of(stage.quietly(master, COUNT).value()));
            followers.forEach(it -> counts.add(stage.quietly(it, COUNT).value()));
            return counts;
        }

        private void inspect() {
            stage.step("What the master knows of it");
            Sheet slots =
                    stage.sql(
                            master,
                            "SELECT slot_name, plugin, active, wal_status\n"
                                    + "FROM pg_replication_slots ORDER BY right(slot_name, 4)");
            stage.checkEquals(
                    "each follower reads its own slot",
                    List.of("t", "t", "t"),
                    slots.column("active"));
            Sheet tables =
                    stage.sql(
                            master,
                            "SELECT pubname, tablename, attnames, rowfilter\n"
                                    + "FROM pg_publication_tables"
                                    + " ORDER BY right(pubname, 4), rowfilter");
            stage.check(
                    "filter and list are PostgreSQL's own, applied at the master",
                    tables.column("rowfilter").contains("((id % (2)::bigint) = 0)")
                            && tables.column("attnames").contains("{id,created_at}"));
            stage.say("A follower keeps where its provider is, and never a password:");
            stage.checkEquals(
                    "that is all it keeps",
                    master.at(),
                    stage.sql(
                                    followers.getFirst(),
                                    "SELECT provider_address FROM pgchorus.following")
                            .value());
        }

        private void truncate() throws InterruptedException {
            stage.step("TRUNCATE");
            stage.sql(master, "TRUNCATE users");
            stage.eventually(
                    "no server has a user left",
                    LIMIT,
                    () -> counts().equals(List.of("0", "0", "0", "0")));
            stage.sql(
                    master,
                    "INSERT INTO users (id, name, email) VALUES (1, 'Eve', 'e@x'), (2, 'Moe',"
                            + " 'm@x')");
            stage.eventually(
                    "and what comes afterwards comes everywhere",
                    LIMIT,
                    () -> counts().equals(List.of("2", "2", "1", "2")));
        }

        private void writeAtAFollower() {
            stage.step("Somebody writes at a follower");
            Node all = followers.getFirst();
            stage.sql(all, "INSERT INTO users (id, name, email) VALUES (99, 'Lost', 'l@x')");
            Said said = stage.pgchorusEnding(1, "status", "--group", all.at());
            stage.check(
                    "it is reported",
                    said.text().contains("clients wrote to followed tables here"));
            stage.say("Mended by hand, and said to be:");
            stage.sql(all, "DELETE FROM users WHERE id = 99");
            stage.sql(all, "DELETE FROM pgchorus.local_write");
            stage.pgchorus("status", "--group", all.at());
        }

        private void takeDown() {
            stage.step("Nothing is left");
            for (Node follower : followers) {
                stage.pgchorus("node", "remove", follower.at());
            }
            stage.checkEquals(
                    "the master has no slots, no publications, no schema of ours",
                    "0",
                    stage.sql(
                                    master,
                                    "SELECT (SELECT count(*) FROM pg_replication_slots)\n"
                                            + " + (SELECT count(*) FROM pg_publication)\n"
                                            + " + (SELECT count(*) FROM pg_namespace"
                                            + " WHERE nspname = 'pgchorus')")
                            .value());
        }
    }
}
