package org.pgchorus.conflict;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tables of policies in {@code docs/conflicts.md} are what the code really answers. */
class PolicyTableTest {
    private static final Path DOCUMENT = Path.of("docs", "conflicts.md");
    private static final int WRITER = 1;
    private static final int HERE = 2;
    private static final Stamp INCOMING = new Stamp(50, WRITER);
    private static final Stamp LOWER = new Stamp(40, HERE);
    private static final Stamp HIGHER = new Stamp(60, HERE);
    private static final Row ROW = Row.ofTexts(List.of("1"));
    private static final Sight BLIND = new Sight(WRITER, HERE, Map.of(), Map.of());
    private static final Sight SEEN = new Sight(WRITER, HERE, Map.of(HERE, 70L), Map.of());

    private record Case(KeyChange change, Standing standing, Sight sight) {}

    @Test
    void theTableOfPoliciesIsTrue() throws IOException {
        List<Policy.Rule> rules = List.of(Policy.Rule.values());
        List<String> lines = new ArrayList<>();
        lines.add(line("conflict", rules.stream().map(r -> "`" + r.sqlName() + "`")));
        lines.add(line("---", rules.stream().map(_ -> "---")));
        cases().forEach((name, c) ->
                lines.add(line(name, rules.stream().map(rule -> cell(c, rule)))));
        assertIsInDocument(lines);
    }

    private static Map<String, Case> cases() {
        KeyChange update = new KeyChange.Update(ROW, false);
        KeyChange delete = new KeyChange.Delete();
        Map<String, Case> all = new LinkedHashMap<>();
        all.put("none: the writer had seen what stands here", new Case(update, row(LOWER), SEEN));
        all.put("insert or update; row, lower stamp", new Case(update, row(LOWER), BLIND));
        all.put("insert or update; row, higher stamp", new Case(update, row(HIGHER), BLIND));
        all.put("insert or update; tombstone, lower stamp", new Case(update, gone(LOWER), BLIND));
        all.put("insert or update; tombstone, higher stamp", new Case(update, gone(HIGHER), BLIND));
        all.put("insert or update; nothing", new Case(update, new Standing.Absent(), BLIND));
        all.put("delete; row, lower stamp", new Case(delete, row(LOWER), BLIND));
        all.put("delete; row, higher stamp", new Case(delete, row(HIGHER), BLIND));
        all.put("delete; tombstone, lower stamp", new Case(delete, gone(LOWER), BLIND));
        return all;
    }

    private static String cell(Case c, Policy.Rule rule) {
        return switch (Referee.decide(c.change, INCOMING, c.standing, c.sight, rule).verdict()) {
            case Verdict.Write _ -> "write";
            case Verdict.Erase() -> "erase";
            case Verdict.Keep() -> "keep";
            case Verdict.Complete() -> "complete";
            case Verdict.Combine() -> "combine";
            case Verdict.Halt() -> "halt";
        };
    }

    @Test
    void theTableOfDeltaColumnsIsTrue() throws IOException {
        Map<String, KeyChange> changes = new LinkedHashMap<>();
        changes.put("insert", new KeyChange.Insert(ROW));
        changes.put("update", new KeyChange.Update(ROW, false));
        changes.put("delete", new KeyChange.Delete());
        List<String> lines = new ArrayList<>();
        lines.add(line("stands here", changes.keySet().stream()));
        lines.add(line("---", changes.keySet().stream().map(_ -> "---")));
        for (Standing standing : List.of(new Standing.Absent(), row(LOWER), row(HIGHER))) {
            for (Optional<Stamp> erased :
                    List.of(Optional.<Stamp>empty(), Optional.of(LOWER), Optional.of(HIGHER))) {
                // A row that stands is younger than every delete known of its key.
                boolean possible =
                        erased.isEmpty()
                                || standing.stamp()
                                        .map(s -> s.compareTo(erased.get()) > 0)
                                        .orElse(true);
                if (possible || standing instanceof Standing.Absent) {
                    Standing at =
                            standing instanceof Standing.Absent && erased.isPresent()
                                    ? gone(erased.get())
                                    : standing;
                    lines.add(
                            line(
                                    name(standing, erased),
                                    changes.values().stream().map(c -> counted(c, at, erased))));
                }
            }
        }
        assertIsInDocument(lines);
    }

    private static String name(Standing standing, Optional<Stamp> erased) {
        String row =
                standing.stamp()
                        .map(s -> s.equals(LOWER) ? "row, lower stamp" : "row, higher stamp")
                        .orElse("no row");
        return row
                + erased.map(e ->
                                e.equals(LOWER)
                                        ? "; tombstone, lower stamp"
                                        : "; tombstone, higher stamp")
                        .orElse("");
    }

    private static String counted(KeyChange change, Standing standing, Optional<Stamp> erased) {
        return switch (Counting.of(change, INCOMING, standing, erased, BLIND)) {
            case Counting.Nothing() -> "nothing";
            case Counting.Add(boolean toLocal) ->
                    toLocal ? "add to what stands here" : "add to zero";
            case Counting.Recount() -> "sum up what was added since";
        };
    }

    @Test
    void everyPolicyIsInTheDocument() throws IOException {
        assertThat(Files.readString(DOCUMENT))
                .contains(
                        Arrays.stream(Policy.Rule.values())
                                .map(rule -> "`" + rule.sqlName() + "`")
                                .toList());
    }

    private static Standing row(Stamp stamp) {
        return new Standing.Present(ROW, stamp);
    }

    private static Standing gone(Stamp stamp) {
        return new Standing.Deleted(stamp);
    }

    private static String line(String first, Stream<String> cells) {
        return "| " + first + " | " + cells.collect(Collectors.joining(" | ")) + " |";
    }

    private static void assertIsInDocument(List<String> lines) throws IOException {
        String table = String.join("\n", lines);
        assertThat(Files.readString(DOCUMENT).contains(table))
                .as("%s should hold this table:%n%s%n", DOCUMENT, table)
                .isTrue();
    }
}
