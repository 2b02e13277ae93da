package org.pgchorus.conflict;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tables in {@code docs/conflicts.md} are what {@link Referee} really answers. */
class ConflictTableTest {
    private static final Path DOCUMENT = Path.of("docs", "conflicts.md");
    private static final int WRITER = 1;
    private static final int HERE = 2;
    private static final int THIRD = 3;
    private static final long SECOND = 1_000_000;
    private static final Stamp INCOMING = new Stamp(50 * SECOND, WRITER);
    private static final Stamp LOWER = new Stamp(40 * SECOND, HERE);
    private static final Stamp HIGHER = new Stamp(60 * SECOND, HERE);
    private static final Stamp WRITERS_OWN = new Stamp(40 * SECOND, WRITER);
    private static final Stamp WRITERS_LATER = new Stamp(60 * SECOND, WRITER);
    private static final Row ROW = Row.ofTexts(List.of("a", "large"));
    private static final Row PART =
            new Row(new byte[] {'b'}, new int[2], new int[] {1, -2}, new boolean[2]);

    private record Situation(Standing standing, Sight sight) {}

    @Test
    void theTableOfAllCasesIsTrue() throws IOException {
        Map<String, KeyChange> changes = new LinkedHashMap<>();
        changes.put("insert", new KeyChange.Insert(ROW));
        changes.put("update", new KeyChange.Update(ROW, false));
        changes.put("update to this key", new KeyChange.Update(ROW, true));
        changes.put("delete", new KeyChange.Delete());
        assertIsInDocument(table(allSituations(), changes));
    }

    @Test
    void theTableOfRowsWithoutTheirLargeValuesIsTrue() throws IOException {
        Map<String, KeyChange> changes = new LinkedHashMap<>();
        changes.put("update", new KeyChange.Update(PART, false));
        changes.put("update to this key", new KeyChange.Update(PART, true));
        assertIsInDocument(table(incompleteSituations(), changes));
    }

    @Test
    void theTableOfWhatTheWriterShowsIsTrue() throws IOException {
        List<String> lines = new ArrayList<>();
        Stream<String> head = Stream.of("here: older, or nothing", "here: the same, or newer");
        lines.add(line("at the writer", head));
        lines.add(line("---", Stream.of("---", "---")));
        shown().forEach((name, shown) ->
                lines.add(
                        line(name, Stream.of(LOWER, HIGHER).map(here -> cell(shown, row(here))))));
        assertIsInDocument(String.join("\n", lines));
    }

    private static Map<String, AtWriter> shown() {
        Map<String, AtWriter> all = new LinkedHashMap<>();
        all.put("the row with the change's stamp", new AtWriter(row(INCOMING), true));
        all.put("a later row", new AtWriter(row(HIGHER), true));
        all.put("a tombstone", new AtWriter(tombstone(HIGHER), true));
        all.put("nothing", new AtWriter(new Standing.Absent(), true));
        all.put("a row; the change is not visible", new AtWriter(row(LOWER), false));
        all.put("no row; the change is not visible", new AtWriter(tombstone(LOWER), false));
        return all;
    }

    private static String cell(AtWriter shown, Standing here) {
        return switch (Referee.complete(PART, INCOMING, here, here, shown)) {
            case Completion.Write(Row row, Stamp stamp) when stamp.equals(INCOMING) ->
                    row.equals(ROW) ? "write it" : "write the change, completed from it";
            case Completion.Write _ -> "write it, under its stamp";
            case Completion.Erase _ -> "erase, under its stamp";
            case Completion.Keep() -> "keep";
            case Completion.Wait() -> "ask again";
        };
    }

    @ParameterizedTest
    @ValueSource(classes = {Kind.class, Resolution.class})
    void everyNameIsInTheDocument(Class<? extends Enum<?>> names) throws IOException {
        assertThat(Files.readString(DOCUMENT))
                .contains(
                        Arrays.stream(names.getEnumConstants())
                                .map(ConflictTableTest::sqlName)
                                .map(name -> "`" + name + "`")
                                .toList());
    }

    private static String sqlName(Enum<?> name) {
        return name instanceof Kind kind ? kind.sqlName() : ((Resolution) name).sqlName();
    }

    private static Map<String, Situation> allSituations() {
        Map<String, Situation> all = new LinkedHashMap<>();
        Standing absent = new Standing.Absent();
        all.put("nothing; a third node's change may be on its way", at(absent, inFlight()));
        all.put("nothing; nothing is on its way", at(absent, seen()));
        all.put("row, lower stamp, seen by the writer", at(row(LOWER), seen()));
        all.put("row, lower stamp, not seen", at(row(LOWER), blind()));
        all.put("row, higher stamp, not seen", at(row(HIGHER), blind()));
        all.put("row, higher stamp, seen (a clock stepped back)", at(row(HIGHER), seen()));
        all.put("row of the same writer", at(row(WRITERS_OWN), blind()));
        all.put("row of the same writer, later, read elsewhere", at(row(WRITERS_LATER), blind()));
        all.put("row, copied or of unknown age", at(row(Stamp.UNKNOWN), blind()));
        all.put("tombstone, lower stamp, seen by the writer", at(tombstone(LOWER), seen()));
        all.put("tombstone, lower stamp, not seen", at(tombstone(LOWER), blind()));
        all.put("tombstone, higher stamp, not seen", at(tombstone(HIGHER), blind()));
        all.put(
                "tombstone, higher stamp, seen (a clock stepped back)",
                at(tombstone(HIGHER), seen()));
        all.put("tombstone of the same writer", at(tombstone(WRITERS_OWN), blind()));
        return all;
    }

    private static Map<String, Situation> incompleteSituations() {
        Map<String, Situation> all = new LinkedHashMap<>();
        all.put("nothing; nothing is on its way", at(new Standing.Absent(), seen()));
        all.put("tombstone, lower stamp", at(tombstone(LOWER), seen()));
        all.put("tombstone, higher stamp, not seen", at(tombstone(HIGHER), blind()));
        all.put("row, higher stamp, not seen", at(row(HIGHER), blind()));
        all.put("row, lower stamp, not seen", at(row(LOWER), blind()));
        all.put(
                "row, lower stamp, seen; all the writer can have seen is here",
                at(row(LOWER), seen()));
        all.put(
                "row, lower stamp, seen; something may be on its way",
                at(row(LOWER), sight(70 * SECOND, 45 * SECOND)));
        all.put("row written earlier by the same transaction", at(row(INCOMING), blind()));
        return all;
    }

    private static Situation at(Standing standing, Sight sight) {
        return new Situation(standing, sight);
    }

    private static Standing row(Stamp stamp) {
        return new Standing.Present(ROW, stamp);
    }

    private static Standing tombstone(Stamp stamp) {
        return new Standing.Deleted(stamp);
    }

    private static Sight seen() {
        return sight(70 * SECOND, 70 * SECOND);
    }

    private static Sight blind() {
        return new Sight(WRITER, HERE, Map.of(), Map.of());
    }

    private static Sight inFlight() {
        return sight(70 * SECOND, 50 * SECOND - 1);
    }

    private static Sight sight(long hereSeenMicros, long thirdAppliedMicros) {
        return new Sight(
                WRITER, HERE, Map.of(HERE, hereSeenMicros), Map.of(THIRD, thirdAppliedMicros));
    }

    private static String table(Map<String, Situation> situations, Map<String, KeyChange> changes) {
        Stream<String> head =
                Stream.of(
                        line("stands here", changes.keySet().stream()),
                        line("---", changes.keySet().stream().map(_ -> "---")));
        Stream<String> body =
                situations.entrySet().stream()
                        .map(entry ->
                                line(
                                        entry.getKey(),
                                        changes.values().stream()
                                                .map(c -> cell(c, entry.getValue()))));
        return Stream.concat(head, body).collect(Collectors.joining("\n"));
    }

    private static String line(String first, Stream<String> cells) {
        return "| " + first + " | " + cells.collect(Collectors.joining(" | ")) + " |";
    }

    private static String cell(KeyChange change, Situation situation) {
        Decision decision =
                Referee.decide(change, INCOMING, situation.standing(), situation.sight());
        String verdict =
                switch (decision.verdict()) {
                    case Verdict.Write _ -> "write";
                    case Verdict.Erase() -> "erase";
                    case Verdict.Keep() -> "keep";
                    case Verdict.Complete() -> "complete";
                    case Verdict.Combine() -> "combine";
                    case Verdict.Halt() -> "halt";
                };
        return verdict + decision.conflict().map(kind -> ", `" + kind.sqlName() + "`").orElse("");
    }

    private static void assertIsInDocument(String table) throws IOException {
        assertThat(Files.readString(DOCUMENT).contains(table))
                .as("%s should hold this table:%n%s%n", DOCUMENT, table)
                .isTrue();
    }
}
