package org.pgchorus.conflict;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The laws of who wins. */
class RefereeLawsTest {
    private static final int HERE = 9;
    private static final Standing ABSENT = new Standing.Absent();
    private static final Row OLD = Row.ofTexts(List.of("old", "large old"));
    private static final Row NEW = Row.ofTexts(List.of("new", "large new"));

    /** {@code ('new', unchanged)}. */
    private static final Row NEW_PART =
            new Row(new byte[] {'n', 'e', 'w'}, new int[2], new int[] {3, -2}, new boolean[2]);

    private record Version(KeyChange change, Stamp stamp) {}

    @Test
    void laterWriteStands() {
        Version early = write(10, 1, OLD);
        Version late = write(20, 2, NEW);
        assertThat(after(early, late)).isEqualTo(new Standing.Present(NEW, late.stamp()));
        assertThat(after(late, early)).isEqualTo(new Standing.Present(NEW, late.stamp()));
    }

    @Test
    void atTheSameMicrosecondTheHigherWriterStands() {
        Version low = write(10, 1, OLD);
        Version high = write(10, 2, NEW);
        assertThat(after(low, high)).isEqualTo(new Standing.Present(NEW, high.stamp()));
        assertThat(after(high, low)).isEqualTo(new Standing.Present(NEW, high.stamp()));
    }

    @Test
    void laterDeleteBeatsUpdateAndLaterUpdateBeatsDelete() {
        Version update = write(10, 1, NEW);
        Version laterDelete = new Version(new KeyChange.Delete(), new Stamp(20, 2));
        assertThat(after(update, laterDelete)).isEqualTo(new Standing.Deleted(new Stamp(20, 2)));
        assertThat(after(laterDelete, update)).isEqualTo(new Standing.Deleted(new Stamp(20, 2)));

        Version earlierDelete = new Version(new KeyChange.Delete(), new Stamp(5, 2));
        assertThat(after(update, earlierDelete)).isEqualTo(after(earlierDelete, update));
        assertThat(after(earlierDelete, update)).isInstanceOf(Standing.Present.class);
    }

    @Test
    void deleteOfNothingLeavesATombstone() {
        Version delete = new Version(new KeyChange.Delete(), new Stamp(20, 2));
        assertThat(after(delete)).isEqualTo(new Standing.Deleted(new Stamp(20, 2)));
    }

    @Test
    void anyWriteBeatsARowOfUnknownAge() {
        Standing ancient = new Standing.Present(OLD, Stamp.UNKNOWN);
        Version write = write(Long.MIN_VALUE + 1, 1, NEW);
        assertThat(next(ancient, write, sight(1)))
                .isEqualTo(new Standing.Present(NEW, write.stamp()));
    }

    @Test
    void aNodesOwnOrderWinsOverItsClock() {
        Version first = write(100, 1, OLD);
        Version afterStepBack = write(50, 1, NEW);
        assertThat(after(first, afterStepBack))
                .isEqualTo(new Standing.Present(NEW, afterStepBack.stamp()));
    }

    /**
     * The price of that: a concurrent write with a time inside the step finds no order. A step back
     * must therefore stop or mend the stream before it gets here; stamps alone cannot.
     */
    @Test
    void aWriteInsideAStepBackOfAnothersClockIsNotSettled() {
        Version first = write(100, 1, OLD);
        Version afterStepBack = write(50, 1, NEW);
        Version between = write(75, 2, Row.ofTexts(List.of("x", "y")));
        assertThat(after(first, between, afterStepBack))
                .isNotEqualTo(after(first, afterStepBack, between));
    }

    @Test
    void aVersionReadElsewhereIsNotUndoneByAnOlderOneThatItsStreamStillBrings() {
        Standing read = new Standing.Present(NEW, new Stamp(100, 1));
        Sight streamIsAt40 = new Sight(1, HERE, Map.of(), Map.of(1, 40L));
        assertThat(next(read, write(50, 1, OLD), streamIsAt40)).isEqualTo(read);
        assertThat(next(new Standing.Deleted(new Stamp(100, 1)), write(50, 1, OLD), streamIsAt40))
                .isEqualTo(new Standing.Deleted(new Stamp(100, 1)));
        assertThat(decide(read, write(50, 1, OLD), streamIsAt40).conflict()).isEmpty();
        assertThat(decide(read, write(100, 1, NEW), streamIsAt40).verdict())
                .isEqualTo(new Verdict.Write(NEW));
        assertThat(next(read, write(110, 1, OLD), streamIsAt40))
                .isEqualTo(new Standing.Present(OLD, new Stamp(110, 1)));
    }

    @Test
    void twiceIsOnce() {
        Dice dice = new Dice(1);
        for (int i = 0; i < 20_000; i++) {
            Version version = anyVersion(dice, 1 + dice.below(3), dice.below(5));
            Standing once = next(anyStanding(dice), version, sight(version.stamp().node()));
            assertThat(next(once, version, sight(version.stamp().node())))
                    .as("try %d", i)
                    .isEqualTo(once);
        }
    }

    @Test
    void twiceIsOnceForARowWithoutItsLargeValues() {
        Stamp stamp = new Stamp(20, 1);
        Standing standing = new Standing.Present(OLD, new Stamp(10, 1));
        Version update = new Version(new KeyChange.Update(NEW_PART, false), stamp);
        Standing once = next(standing, update, sight(1));
        assertThat(once).isEqualTo(new Standing.Present(NEW_PART.completedFrom(OLD), stamp));
        assertThat(next(once, update, sight(1))).isEqualTo(once);
    }

    @Test
    void everyArrivalOrderOfAShortHistoryAgrees() {
        for (int seed = 0; seed < 1_000; seed++) {
            List<List<Version>> streams = streams(new Dice(seed), 3, 2);
            Standing expected = inOrder(streams, new int[] {0, 0, 1, 1, 2, 2});
            int[] order = {0, 0, 1, 1, 2, 2};
            do {
                assertThat(inOrder(streams, order))
                        .as("seed %d, order %s of %s", seed, Arrays.toString(order), streams)
                        .isEqualTo(expected);
            } while (nextPermutation(order));
        }
    }

    @Test
    void randomArrivalOrdersOfALongHistoryAgree() {
        int[] order = new int[5 * 8];
        for (int i = 0; i < order.length; i++) {
            order[i] = i / 8;
        }
        for (int seed = 0; seed < 2_000; seed++) {
            Dice dice = new Dice(seed);
            List<List<Version>> streams = streams(dice, 5, 8);
            Standing expected = inOrder(streams, order);
            for (int i = 0; i < 20; i++) {
                shuffle(order, dice);
                assertThat(inOrder(streams, order)).as("seed %d", seed).isEqualTo(expected);
            }
        }
    }

    @Test
    void aRowThatIsNotProvenToBeTheWritersIsNeverMixedIn() {
        Standing unseen = new Standing.Present(OLD, new Stamp(10, HERE));
        Version update = new Version(new KeyChange.Update(NEW_PART, false), new Stamp(20, 1));
        assertThat(decide(unseen, update, sight(1)).verdict()).isEqualTo(new Verdict.Complete());
    }

    @Test
    void aRowMovedToAKeyIsNeverMixedWithTheRowThatStandsThere() {
        Standing writersOwn = new Standing.Present(OLD, new Stamp(10, 1));
        Version move = new Version(new KeyChange.Update(NEW_PART, true), new Stamp(20, 1));
        assertThat(decide(writersOwn, move, sight(1)).verdict()).isEqualTo(new Verdict.Complete());
    }

    private static Version write(long micros, int node, Row row) {
        return new Version(new KeyChange.Update(row, false), new Stamp(micros, node));
    }

    private static Standing after(Version... versions) {
        Standing standing = ABSENT;
        for (Version version : versions) {
            standing = next(standing, version, sight(version.stamp().node()));
        }
        return standing;
    }

    private static Standing next(Standing standing, Version version, Sight sight) {
        return switch (decide(standing, version, sight).verdict()) {
            case Verdict.Write(Row row) -> new Standing.Present(row, version.stamp());
            case Verdict.Erase() -> new Standing.Deleted(version.stamp());
            case Verdict.Keep() -> standing;
            case Verdict.Complete() -> throw new AssertionError("a complete row was incomplete");
            case Verdict.Combine(), Verdict.Halt() -> throw new AssertionError("not by stamps");
        };
    }

    private static Decision decide(Standing standing, Version version, Sight sight) {
        return Referee.decide(version.change(), version.stamp(), standing, sight);
    }

    /** All that stands here came by its stream. */
    private static Sight sight(int writer) {
        return new Sight(writer, HERE, Map.of(), Map.of(writer, Long.MAX_VALUE));
    }

    private static List<List<Version>> streams(Dice dice, int writers, int length) {
        List<List<Version>> streams = new ArrayList<>();
        for (int writer = 1; writer <= writers; writer++) {
            List<Version> stream = new ArrayList<>();
            long micros = 0;
            for (int i = 0; i < length; i++) {
                micros += dice.below(3);
                stream.add(anyVersion(dice, writer, micros));
            }
            streams.add(stream);
        }
        return streams;
    }

    private static Version anyVersion(Dice dice, int writer, long micros) {
        Row row = Row.ofTexts(List.of("v" + dice.below(1_000_000), "w"));
        KeyChange change =
                switch (dice.below(4)) {
                    case 0 -> new KeyChange.Insert(row);
                    case 1 -> new KeyChange.Update(row, false);
                    case 2 -> new KeyChange.Update(row, true);
                    default -> new KeyChange.Delete();
                };
        return new Version(change, new Stamp(micros, writer));
    }

    private static Standing anyStanding(Dice dice) {
        Stamp stamp = new Stamp(dice.below(5), dice.below(4));
        return switch (dice.below(3)) {
            case 0 -> ABSENT;
            case 1 -> new Standing.Present(OLD, stamp);
            default -> new Standing.Deleted(stamp);
        };
    }

    /** The {@code n}-th mention of a writer in {@code order} is that writer's n-th version. */
    private static Standing inOrder(List<List<Version>> streams, int[] order) {
        int[] cursors = new int[streams.size()];
        Standing standing = ABSENT;
        for (int writer : order) {
            Version version = streams.get(writer).get(cursors[writer]++);
            standing = next(standing, version, sight(version.stamp().node()));
        }
        return standing;
    }

    private static boolean nextPermutation(int[] order) {
        int pivot = order.length - 2;
        while (pivot >= 0 && order[pivot] >= order[pivot + 1]) {
            pivot--;
        }
        if (pivot < 0) {
            return false;
        }
        int successor = order.length - 1;
        while (order[successor] <= order[pivot]) {
            successor--;
        }
        swap(order, pivot, successor);
        for (int low = pivot + 1, high = order.length - 1; low < high; low++, high--) {
            swap(order, low, high);
        }
        return true;
    }

    private static void shuffle(int[] order, Dice dice) {
        for (int i = order.length - 1; i > 0; i--) {
            swap(order, i, dice.below(i + 1));
        }
    }

    private static void swap(int[] order, int one, int other) {
        int kept = order[one];
        order[one] = order[other];
        order[other] = kept;
    }
}
