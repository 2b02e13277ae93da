package org.pgchorus.conflict;

import org.pgchorus.model.Stamp;

import java.util.Map;

/**
 * What the writer of a change had seen when it wrote, and what has been applied here.
 *
 * <p>Both are vectors: for a node's id, the commit time in microseconds since 2000-01-01 up to
 * which that node's stream has been applied. The writer's comes from the last heartbeat before the
 * change in the writer's own stream, so it says too little rather than too much. A node that is not
 * in a vector counts as not heard of at all, as does one with {@link Long#MIN_VALUE}. Immutable,
 * safe to share between threads.
 *
 * <p>The commit times of one node's stream rise, but not exactly: a transaction takes its time a
 * moment before its place in the stream. "Applied up to t" can therefore miss a transaction a
 * little older than t. Where a proof depends on it, {@link #DISORDER_MICROS} is allowed for.
 */
public final class Sight {
    /**
     * Two seconds: above the moment between a transaction's commit time and its place in the
     * stream, which was seen to reach one second on a machine with fifteen times the load it has
     * cores for. Smaller, a loaded server could make a wrong row look proven; larger, more rows are
     * read from their writers.
     */
    public static final long DISORDER_MICROS = 2_000_000;

    private static final long NOTHING = Long.MIN_VALUE;

    private final int writer;
    private final int here;
    private final Map<Integer, Long> seenByWriterMicros;
    private final Map<Integer, Long> appliedHereMicros;
    private final Map<Integer, Long> steppedMicros;

    /**
     * @param writer the node on which a client made the change
     * @param here the node that decides
     * @param seenByWriterMicros by node id, what the writer had applied; copied
     * @param appliedHereMicros by node id, what has been applied here; copied. Must name every
     *     other member of the group, with {@link Long#MIN_VALUE} if nothing of it has been applied:
     *     about a third node that neither vector names, nothing is asked
     */
    public Sight(
            int writer,
            int here,
            Map<Integer, Long> seenByWriterMicros,
            Map<Integer, Long> appliedHereMicros) {
        this(writer, here, Map.copyOf(seenByWriterMicros), Map.copyOf(appliedHereMicros), Map.of());
    }

    private Sight(
            int writer,
            int here,
            Map<Integer, Long> seenByWriterMicros,
            Map<Integer, Long> appliedHereMicros,
            Map<Integer, Long> steppedMicros) {
        this.writer = writer;
        this.here = here;
        this.seenByWriterMicros = seenByWriterMicros;
        this.appliedHereMicros = appliedHereMicros;
        this.steppedMicros = steppedMicros;
    }

    /**
     * The same sight when clocks have stepped back.
     *
     * @param steppedMicros by node id, where its clock stood when it stepped back: "applied up to
     *     t" says nothing of later commits with earlier times, so stamps up to there prove nothing
     *     about rows; what is recorded as a conflict goes on by time
     */
    public Sight afterSteps(Map<Integer, Long> steppedMicros) {
        return new Sight(
                writer, here, seenByWriterMicros, appliedHereMicros, Map.copyOf(steppedMicros));
    }

    /** Whether the writer had that version, or a later one, when it wrote; no margin. */
    public boolean writerHadSeen(Stamp stamp) {
        return everyoneHas(stamp)
                || stamp.node() == writer
                || stamp.micros() <= seenByWriter(stamp.node());
    }

    /**
     * The commit time up to which the writer had seen every other node, in micros; 0, the year
     * 2000, if it had not heard of one.
     */
    public long seenByAllMicros() {
        long least = Math.max(0, seenByWriter(here));
        for (int node : appliedHereMicros.keySet()) {
            if (isThird(node)) {
                least = Math.min(least, Math.max(0, seenByWriter(node)));
            }
        }
        return least;
    }

    /**
     * Whether everything of third nodes that the writer can have seen has arrived here too, to all
     * that is known; no margin. Commit wait lets it have seen nothing newer than its own change.
     */
    public boolean nothingInFlight(Stamp incoming) {
        return allBeforeIsHere(incoming.micros(), 0);
    }

    /**
     * Whether a version of the writer's that stands here came by another path, and the writer's
     * stream has yet to bring it.
     *
     * <p>Exact for one key, without a margin: what is in the stream before a version's predecessor
     * under the same key took its time before the version did, since the row was locked.
     */
    boolean isAheadOfStream(Stamp local) {
        return local.node() == writer && appliedHere(writer) < local.micros();
    }

    /**
     * Whether the local version is provably the very version that the writer's update replaced, so
     * that values the update left alone may be taken from it.
     *
     * <p>Call the replaced version V and the local one L, which is older than the incoming change.
     * Both nodes merge what they get, so each holds the highest of what it has got. If the writer
     * had got L before it wrote, then V is L or higher. If everything that the writer can have got
     * is here, V among it, then L is V or higher. Both together: L is V.
     *
     * <ul>
     *   <li><i>The writer had got L</i>: L is the writer's own, and older than the incoming change;
     *       or L is older than every stream (copied, or from before commit times were kept); or the
     *       writer had applied L's node beyond L, by the margin. A row lock keeps this true within
     *       the writer's transaction: L cannot be applied there between its update and its commit.
     *   <li><i>V is here</i>: V is the writer's own, earlier in the stream now read; or V was
     *       written here, so it was here first; or V is a third node's. Commit wait lets no node
     *       apply a version before its own clock has passed that version's time, so V is older than
     *       the incoming change, and here every third node's stream is applied up to that time, by
     *       the margin.
     *   <li><i>Applied means merged</i>: what a stream brings is never skipped. Versions that come
     *       by another path do no harm: they only make each node hold the highest of more.
     * </ul>
     *
     * <p>Equal stamps need no proof: the local version is an earlier change of the same
     * transaction, which held the row's lock in between. Or it came by another path and is that
     * transaction's last change to the key; then every value in which it differs from the one in
     * between is sent by a later change of the transaction.
     */
    public boolean writersVersionIsHere(Stamp local, Stamp incoming) {
        if (local.equals(incoming)) {
            return true;
        }
        return local.compareTo(incoming) < 0
                && writerSurelyHadSeen(local)
                && allBeforeIsHere(incoming.micros(), DISORDER_MICROS);
    }

    private boolean writerSurelyHadSeen(Stamp local) {
        return everyoneHas(local)
                || local.node() == writer
                || (reaches(seenByWriter(local.node()), local.micros(), DISORDER_MICROS)
                        && !inStep(local.node(), local.micros()));
    }

    /** Whether a node may have committed at that time twice, before and after a step back. */
    private boolean inStep(int node, long micros) {
        return micros <= steppedMicros.getOrDefault(node, NOTHING);
    }

    private boolean allBeforeIsHere(long micros, long marginMicros) {
        return allBeforeIsHere(micros, marginMicros, seenByWriterMicros)
                && allBeforeIsHere(micros, marginMicros, appliedHereMicros);
    }

    private boolean allBeforeIsHere(long micros, long marginMicros, Map<Integer, Long> known) {
        for (int node : known.keySet()) {
            if (isThird(node)
                    && (!reaches(appliedHere(node), micros, marginMicros)
                            || inStep(node, micros))) {
                return false;
            }
        }
        return true;
    }

    private static boolean reaches(long applied, long micros, long marginMicros) {
        return applied != NOTHING && applied - marginMicros >= micros;
    }

    private static boolean everyoneHas(Stamp stamp) {
        return stamp.node() == 0;
    }

    private boolean isThird(int node) {
        return node != writer && node != here;
    }

    private long seenByWriter(int node) {
        return seenByWriterMicros.getOrDefault(node, NOTHING);
    }

    private long appliedHere(int node) {
        return appliedHereMicros.getOrDefault(node, NOTHING);
    }
}
