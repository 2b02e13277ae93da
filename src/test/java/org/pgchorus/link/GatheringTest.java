package org.pgchorus.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.Row;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.sql.BulkSql;
import org.pgchorus.sql.RowSql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** What is gathered comes to the same as the changes one after the other. */
class GatheringTest {
    private static final int STORIES = 20_000;
    private static final int KEYS = 5;

    private final List<BulkTable> tables = List.of(table("one"), table("two"));

    private static BulkTable table(String name) {
        Table table =
                new Table(
                        name.hashCode() & 0xffff,
                        new TableName("public", name),
                        List.of(
                                new Table.Column("id", "integer", false, false),
                                new Table.Column("v", "text", false, false)),
                        List.of("id"));
        return new BulkTable(new BulkSql(RowSql.of(table), List.of("integer", "text")), 0);
    }

    /** A row of a table, by place of the table and key. */
    private record Place(int table, String key) implements Comparable<Place> {
        @Override
        public int compareTo(Place other) {
            return toString().compareTo(other.toString());
        }
    }

    private record Version(String value, long micros) {}

    @Test
    void stagesComeToTheSameAsTheChangesInTheirOrder() {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random dice = new Random(seed);
        for (int story = 0; story < STORIES; story++) {
            Map<Place, Version> before = new TreeMap<>();
            for (int key = 0; key < KEYS; key++) {
                if (dice.nextBoolean()) {
                    before.put(new Place(dice.nextInt(2), "" + key), new Version("old", 0));
                }
            }
            Map<Place, Version> inOrder = new TreeMap<>(before);
            Gathering gathering = new Gathering();
            for (int i = dice.nextInt(30); i >= 0; i--) {
                gathering.add(change(inOrder, dice, 40 - i));
            }
            assertThat(inStages(gathering, before)).as("seed %s", seed).isEqualTo(inOrder);
        }
    }

    /** One change that its writer may make now, and what it does. */
    private Change change(Map<Place, Version> rows, Random dice, long micros) {
        Place place = new Place(dice.nextInt(2), "" + dice.nextInt(KEYS));
        String value = "" + dice.nextInt(1000);
        Change.Operation operation =
                !rows.containsKey(place)
                        ? Change.Operation.INSERT
                        : dice.nextInt(3) == 0 ? Change.Operation.DELETE : Change.Operation.UPDATE;
        if (operation == Change.Operation.DELETE) {
            rows.remove(place);
        } else {
            rows.put(place, new Version(value, micros));
        }
        BulkTable table = tables.get(place.table);
        Row row = Row.ofTexts(List.of(place.key, value));
        return new Change(table, operation, new RowKey(row, table.key), row, micros);
    }

    /** Each stage as the server makes it: deletes, then updates, then inserts, each set at once. */
    private Map<Place, Version> inStages(Gathering gathering, Map<Place, Version> before) {
        Map<Place, Version> rows = new TreeMap<>(before);
        for (Map<BulkTable, Gathering.Part> stage : gathering.stages()) {
            Set<Place> touched = new HashSet<>();
            stage.forEach((table, part) -> {
                for (Change.Operation operation :
                        List.of(
                                Change.Operation.DELETE,
                                Change.Operation.UPDATE,
                                Change.Operation.INSERT)) {
                    for (Change change : part.of(operation)) {
                        Place place = new Place(tables.indexOf(table), change.row().text(0).get());
                        assertThat(touched.add(place)).as("once in a stage").isTrue();
                        boolean wasHere = rows.containsKey(place);
                        assertThat(wasHere).isEqualTo(operation != Change.Operation.INSERT);
                        if (operation == Change.Operation.DELETE) {
                            rows.remove(place);
                        } else {
                            rows.put(
                                    place,
                                    new Version(change.row().text(1).get(), change.micros()));
                        }
                    }
                }
            });
        }
        return rows;
    }

    @Test
    void updatesOfOneRowBecomeOne() {
        Gathering gathering = new Gathering();
        for (int i = 1; i <= 100; i++) {
            gathering.add(update("7", i));
        }
        assertThat(gathering.changes()).isEqualTo(100);
        assertThat(gathering.stages()).hasSize(1);
        List<Change> updates =
                gathering.stages().getFirst().get(tables.getFirst()).of(Change.Operation.UPDATE);
        assertThat(updates).hasSize(1);
        assertThat(updates.getFirst().micros()).isEqualTo(100);
    }

    @Test
    void aRowDoesNotGoBackInTime() {
        Gathering gathering = new Gathering();
        gathering.add(update("1", 10));
        gathering.add(update("2", 20));
        assertThat(gathering.mayTake(new ArrayList<>(List.of(update("1", 15))), 15)).isTrue();
        assertThat(gathering.mayTake(new ArrayList<>(List.of(update("2", 15))), 15)).isFalse();
        assertThat(gathering.mayTake(new ArrayList<>(List.of(update("2", 20))), 20)).isTrue();
    }

    private Change update(String key, long micros) {
        BulkTable table = tables.getFirst();
        Row row = Row.ofTexts(List.of(key, "v" + micros));
        return new Change(table, Change.Operation.UPDATE, new RowKey(row, table.key), row, micros);
    }
}
