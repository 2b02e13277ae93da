package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Conflicts;
import org.pgchorus.daemon.Conflicts.Conflict;
import org.pgchorus.daemon.HeldChanges;
import org.pgchorus.daemon.Orders.ReplicatedTable;
import org.pgchorus.daemon.Status;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Answers as people see them, and the keys programs rely on. */
class AnswersTest {
    private static final Status.Link FLOWING =
            new Status.Link(
                    "n1",
                    "n2",
                    "streaming",
                    "",
                    OptionalLong.of(1536),
                    OptionalDouble.of(0.25),
                    OptionalLong.of(1203),
                    OptionalDouble.of(-0.001),
                    "0/2000",
                    "0/1F00",
                    "0/1A00",
                    "0/1A00",
                    1234,
                    5678,
                    2,
                    "",
                    Optional.of(
                            new Status.Slot(
                                    "pgchorus_aa_1_2",
                                    true,
                                    "4711",
                                    "0/1000",
                                    "0/1A00",
                                    4096,
                                    "reserved",
                                    OptionalLong.empty(),
                                    OptionalLong.of(1L << 30))),
                    List.of(),
                    Status.Differences.NONE);

    private static final Status.Link DOWN =
            new Status.Link(
                    "n2",
                    "n1",
                    "down",
                    "node n2 cannot be reached",
                    OptionalLong.empty(),
                    OptionalDouble.empty(),
                    OptionalLong.empty(),
                    OptionalDouble.empty(),
                    "",
                    "",
                    "",
                    "",
                    0,
                    0,
                    0,
                    "",
                    Optional.empty(),
                    List.of(),
                    Status.Differences.NONE);

    private static final List<Status.Node> NODES =
            List.of(
                    new Status.Node(
                            1,
                            "n1",
                            "postgresql://h1/app",
                            "ready",
                            "",
                            "18.6 (Debian)",
                            false,
                            false),
                    new Status.Node(
                            2, "n2", "postgresql://h2/app", "down", "refused", "", false, false));

    private static final Conflict CONFLICT =
            new Conflict(
                    "n2.15",
                    "2026-11-20 08:00:00.5+00",
                    "n2",
                    "public.account",
                    "{\"id\" : 7}",
                    "update_origin_differs",
                    "apply_remote",
                    "last_update_wins",
                    Optional.of("{\"id\" : 7, \"balance\" : 1.10}"),
                    Optional.of("{\"id\" : 7, \"balance\" : 2.20}"),
                    Optional.of(new Conflicts.Version(Optional.empty(), "n2")),
                    new Conflicts.Version(Optional.of("2026-11-20 07:59:59+00"), "n1"),
                    "731",
                    "0/1E2A510");

    @Test
    void statusSaysWhatIsNotWell() {
        Status status = new Status("aa", NODES, List.of(FLOWING, DOWN), List.of());
        assertThat(StatusCommand.text(status))
                .isEqualTo(
                        """
                        group aa

                        id  node  state  version  address
                         1  n1    ready  18.6     postgresql://h1/app
                         2  n2    down   -        postgresql://h2/app

                        from  to  state        lag  behind  transactions  conflicts  held  retained
                        n1    n2  streaming  1.5kB   250ms         1,234          2     0       4kB
                        n2    n1  down           -       -             0          0     0         -

                        not well:
                          node n2 is down: refused
                          link n2->n1 is down: node n2 cannot be reached
                        """);
    }

    @Test
    void aFollowerHasNoIdAndIsWell() throws IOException {
        Status.Node follower =
                new Status.Node(
                        0, "f1", "postgresql://h3/app", "following", "", "18.6", false, false);
        Status status = new Status("", List.of(follower), List.of(), List.of());
        assertThat(StatusCommand.text(status))
                .isEqualTo(
                        """
                        in no group

                        id  node  state      version  address
                         -  f1    following  18.6     postgresql://h3/app

                        all is well
                        """);
        JsonNode json = read(StatusView.json(status));
        assertThat(json.get("group").isNull()).isTrue();
        assertThat(json.get("nodes").get(0).get("id").isNull()).isTrue();
    }

    private static final Status.Link HOLDING =
            new Status.Link(
                    "n1",
                    "n2",
                    "streaming",
                    "",
                    OptionalLong.of(0),
                    OptionalDouble.of(0),
                    OptionalLong.of(0),
                    OptionalDouble.of(0),
                    "0/2000",
                    "0/2000",
                    "0/2000",
                    "0/2000",
                    12,
                    12,
                    0,
                    "",
                    Optional.empty(),
                    List.of(
                            new HeldChanges.HeldTable(
                                    "public.account",
                                    1203,
                                    "23514",
                                    "it violates check \"positive\" [23514]",
                                    Optional.of("{\"id\" : \"7\"}"),
                                    "2026-11-20 08:00:00.5+00",
                                    "mend it")),
                    new Status.Differences(1, "public.log"));

    @Test
    void heldTablesAreSaidWithTheirCureAndAreNotWell() {
        Status status = new Status("aa", NODES.subList(0, 1), List.of(HOLDING), List.of());
        assertThat(StatusCommand.text(status))
                .endsWith(
                        """

                        n1->n2 holds:
                        held table      changes  sqlstate  first row  since
                        public.account    1,203  23514     id=7       2026-11-20 08:00:00Z

                        not well:
                          link n1->n2 holds table public.account with 1203 changes, first \
                        {"id" : "7"}: it violates check "positive" [23514]; cure: mend it
                          link n1->n2: 1 change of public.log stepped over, so the nodes may \
                        differ there; cure: pgchorus verify --table public.log shows the rows \
                        that do, and pgchorus repair --table public.log --keep NODE, when they \
                        are equal, forgets it; both versions are in pgchorus.known_difference at \
                        node n2
                        """);
    }

    @Test
    void heldTablesHaveKeysForPrograms() throws IOException {
        JsonNode json = read(StatusView.json(HOLDING));
        assertThat(json.get("held_changes").asLong()).isEqualTo(1203);
        assertThat(json.get("known_differences").asLong()).isEqualTo(1);
        assertThat(json.get("held").get(0).toString())
                .isEqualTo(
                        "{\"table\":\"public.account\",\"changes\":1203,\"sqlstate\":\"23514\","
                                + "\"message\":\"it violates check \\\"positive\\\" [23514]\","
                                + "\"key\":{\"id\":\"7\"},\"since\":\"2026-11-20T08:00:00.500Z\","
                                + "\"cure\":\"mend it\"}");
    }

    @Test
    void aHeldTransactionIsShownChangeByChange() {
        HeldChanges.Transaction transaction =
                new HeldChanges.Transaction(
                        731,
                        "0/1E2A510",
                        "2026-11-20 08:00:00.5+00",
                        1,
                        List.of(
                                new HeldChanges.Change(
                                        2,
                                        "public.account",
                                        "update",
                                        Optional.empty(),
                                        Optional.of("{\"id\" : \"7\", \"v\" : null}"))));
        assertThat(LinkSkipCommand.text(transaction, true))
                .isEqualTo(
                        """
                        would skip, of transaction 731, committed 2026-11-20T08:00:00.500Z at \
                        0/1E2A510, 1 change held:
                        change  table           operation  before  after
                             2  public.account  update     -       id=7, v=NULL
                        """);
    }

    @Test
    void statusSaysWhichNodesArePausedOrReadOnly() {
        Status.Node node = new Status.Node(1, "n1", "host=h1", "ready", "", "18.6", true, true);
        assertThat(StatusCommand.text(new Status("aa", List.of(node), List.of(), List.of())))
                .isEqualTo(
                        """
                        group aa

                        id  node  state                     version  address
                         1  n1    ready, read-only, paused  18.6     host=h1

                        not well:
                          node n1 is paused; to let its links go on: pgchorus node resume n1
                        """);
    }

    @Test
    void statusSaysWhenANodeKeepsTooMuchForAPeer() {
        Status.Link over = keeping(3L << 30, "extended");
        assertThat(new Status("aa", List.of(), List.of(over), List.of()).problems())
                .containsExactly(
                        "node n1 keeps 3GB of WAL for node n2, over the budget of 2GB (wal_budget):"
                                + " let node n2 fetch it, or take it out: pgchorus node detach n2;"
                                + " slots over their budget are let go by: pgchorus group set"
                                + " slot_overflow=drop");
        Status.Link endangered = keeping(1L << 20, "unreserved");
        assertThat(new Status("aa", List.of(), List.of(endangered), List.of()).problems())
                .containsExactly(
                        "the server of node n1 is about to remove WAL that node n2 needs"
                                + " (max_slot_wal_keep_size): let node n2 fetch it soon");
        assertThat(
                        new Status("aa", List.of(), List.of(keeping(1, "reserved")), List.of())
                                .problems())
                .isEmpty();
    }

    private static Status.Link keeping(long bytes, String walStatus) {
        return new Status.Link(
                "n1",
                "n2",
                "streaming",
                "",
                OptionalLong.of(0),
                OptionalDouble.of(0),
                OptionalLong.of(0),
                OptionalDouble.of(0),
                "0/2000",
                "0/2000",
                "0/2000",
                "0/2000",
                12,
                12,
                0,
                "",
                Optional.of(
                        new Status.Slot(
                                "pgchorus_aa_1_2",
                                true,
                                "1",
                                "0/1000",
                                "0/2000",
                                bytes,
                                walStatus,
                                OptionalLong.empty(),
                                OptionalLong.of(2L << 30))),
                List.of(),
                Status.Differences.NONE);
    }

    @Test
    void statusSaysThatAllIsWell() {
        Status status =
                new Status("aa", NODES.subList(0, 1), List.of(FLOWING), List.of("t does not"));
        assertThat(StatusCommand.text(status)).endsWith("\nnote: t does not\n\nall is well\n");
    }

    @Test
    void statusHasKeysForPrograms() throws IOException {
        JsonNode json = read(StatusView.json(new Status("aa", NODES, List.of(FLOWING), List.of())));
        assertThat(json.get("group").asText()).isEqualTo("aa");
        assertThat(json.get("problems").get(0).asText()).isEqualTo("node n2 is down: refused");
        assertThat(json.get("nodes").get(1).toString())
                .isEqualTo(
                        "{\"id\":2,\"name\":\"n2\",\"address\":\"postgresql://h2/app\","
                                + "\"state\":\"down\",\"version\":null,\"paused\":false,"
                                + "\"read_only\":false,\"problem\":\"refused\"}");
        assertThat(json.get("links")).hasSize(1);
    }

    @Test
    void lagHasKeysForPrograms() throws IOException {
        JsonNode links = read(StatusView.linksJson(List.of(FLOWING, DOWN)));
        assertThat(links)
                .allSatisfy(link ->
                        assertThat(link.fieldNames())
                                .toIterable()
                                .contains("from", "to", "state", "lag_bytes", "lag_seconds"));
        JsonNode flowing = links.get(0);
        assertThat(flowing.get("lag_bytes").asLong()).isEqualTo(1536);
        assertThat(flowing.get("lag_seconds").asDouble()).isEqualTo(0.25);
        assertThat(flowing.get("lag_transactions").asLong()).isEqualTo(1203);
        assertThat(flowing.get("active").asBoolean()).isTrue();
        assertThat(flowing.get("active_pid").asInt()).isEqualTo(4711);
        assertThat(flowing.get("retained_bytes").asLong()).isEqualTo(4096);
        assertThat(flowing.get("budget_bytes").asLong()).isEqualTo(1L << 30);
        assertThat(flowing.get("safe_bytes").isNull()).isTrue();
        assertThat(flowing.get("applied_transactions").asLong()).isEqualTo(1234);
        JsonNode down = links.get(1);
        for (String unknown :
                List.of(
                        "lag_bytes",
                        "lag_seconds",
                        "lag_transactions",
                        "received_lsn",
                        "applied_lsn",
                        "durable_lsn",
                        "source_lsn",
                        "slot_name",
                        "active",
                        "retained_bytes")) {
            assertThat(down.has(unknown)).as(unknown).isTrue();
            assertThat(down.get(unknown).isNull()).as(unknown).isTrue();
        }
        assertThat(down.get("reason").asText()).isEqualTo("node n2 cannot be reached");
    }

    @Test
    void lagIsATableWithItsReasons() {
        assertThat(LagCommand.text(List.of(FLOWING, DOWN)))
                .isEqualTo(
                        """
                        from  to  state        lag  behind     tx  source  received  applied
                        n1    n2  streaming  1.5kB   250ms  1,203  0/2000    0/1F00   0/1A00
                        n2    n1  down           -       -      -       -         -        -

                        n2->n1: node n2 cannot be reached
                        """);
        assertThat(LagCommand.text(List.of())).contains("no links");
    }

    @Test
    void oneLinkIsShownInDetail() {
        assertThat(LinkShowCommand.text(FLOWING, Optional.empty()))
                .startsWith("link n1->n2 is streaming\n  lag                  1.5kB\n")
                .contains("\n  slot is active       yes, pid 4711\n")
                .contains("\n  clock ahead          -1ms\n");
    }

    @Test
    void conflictsEmbedRowsAsJson() throws IOException {
        JsonNode json = read(List.of(ConflictView.json(CONFLICT))).get(0);
        assertThat(json.fieldNames())
                .toIterable()
                .contains("id", "time", "node", "table", "key", "type", "resolution")
                .contains("local", "remote", "local_stamp", "remote_stamp");
        assertThat(json.get("id").asText()).isEqualTo("n2.15");
        assertThat(json.get("time").asText()).isEqualTo("2026-11-20T08:00:00.500Z");
        assertThat(json.get("key").get("id").asInt()).isEqualTo(7);
        assertThat(json.get("remote").get("balance").asDouble()).isEqualTo(2.2);
        assertThat(json.get("local_stamp").toString()).isEqualTo("{\"time\":null,\"node\":\"n2\"}");
        assertThat(json.get("remote_stamp").get("time").asText()).isEqualTo("2026-11-20T07:59:59Z");
    }

    @Test
    void conflictsAreShownSideBySide() {
        assertThat(ConflictView.show(CONFLICT))
                .contains("  resolution      apply_remote (policy last_update_wins)\n")
                .contains("  local written   at an unknown time on n2\n")
                .endsWith(
                        """
                           column   local  remote
                           id       7      7
                        *  balance  1.10   2.20
                        """);
        assertThat(ConflictView.list(List.of(CONFLICT)))
                .contains("n2.15  2026-11-20 08:00:00Z  public.account  id=7  update_origin");
        assertThat(ConflictView.list(List.of())).isEqualTo("no conflicts\n");
    }

    @Test
    void tablesAreListed() {
        assertThat(
                        TableListCommand.text(
                                List.of(
                                        new ReplicatedTable(
                                                "public",
                                                "a",
                                                Optional.of("id"),
                                                1234,
                                                8192,
                                                "function public.f",
                                                List.of("n", "o")),
                                        new ReplicatedTable(
                                                "public",
                                                "b",
                                                Optional.empty(),
                                                0,
                                                0,
                                                "last_update_wins",
                                                List.of()))))
                .isEqualTo(
                        """
                        table     key  rows, about  size  policy             delta
                        public.a  id         1,234   8kB  function public.f  n, o
                        public.b  -              0    0B  last_update_wins   -
                        """);
    }

    @Test
    void waitNamesTheLinksThatLack() throws IOException {
        LinkName link = new LinkName(new NodeName("n1"), new NodeName("n2"));
        assertThat(read(WaitCommand.json(List.of(link), 1.5)).toString())
                .isEqualTo(
                        "{\"applied\":false,\"seconds\":1.5,"
                                + "\"lacking\":[{\"from\":\"n1\",\"to\":\"n2\"}]}");
    }

    private static JsonNode read(Object answer) throws IOException {
        return new ObjectMapper().readTree(Json.pretty(answer));
    }
}
