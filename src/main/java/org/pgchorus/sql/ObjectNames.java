package org.pgchorus.sql;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names pgchorus gives to slots, origins and locks.
 *
 * <p>Slots and origins belong to a whole server, not to a database, so their names carry the
 * group's id; one server can then hold several groups, or several nodes of one group.
 */
public final class ObjectNames {
    /** The publication of every node. */
    public static final String PUBLICATION = "pgchorus";

    /** The prefix of our logical messages in a node's log. */
    public static final String MESSAGE_PREFIX = "pgchorus";

    private static final Pattern ORIGIN =
            Pattern.compile("pgchorus_([0-9a-f]{8})_(?:(\\d+)_(\\d+)|(copy|self)_.*)");

    private ObjectNames() {}

    /**
     * The slot on {@code from}'s server that feeds {@code to}; also the origin's name on the other.
     */
    public static String link(String groupId, int from, int to) {
        return "pgchorus_%s_%d_%d".formatted(groupId, from, to);
    }

    /** The origin of rows that a join copied; one for each of its parallel sessions. */
    public static String copyOrigin(String groupId, int to, int job) {
        return "pgchorus_%s_copy_%d_%d".formatted(groupId, to, job);
    }

    /** The origin of mends a node makes to its own rows and that must not travel. */
    public static String selfOrigin(String groupId, int node) {
        return "pgchorus_%s_self_%d".formatted(groupId, node);
    }

    /** The origin under which an undo displaces what stands in its way on a node. */
    public static String undoOrigin(String groupId, int node) {
        return selfOrigin(groupId, node) + "_undo";
    }

    /** The origin of what an exchange brings to a node from others. */
    public static String exchangeOrigin(String groupId, int node) {
        return selfOrigin(groupId, node) + "_exchange";
    }

    /** The origin of what a repair writes on a node. */
    public static String repairOrigin(String groupId, int node) {
        return selfOrigin(groupId, node) + "_repair";
    }

    /** The slot on a provider that feeds a follower; also the name of its publication there. */
    public static String follow(String followerId, String followerName) {
        return "pgchorus_follow_%s_%s".formatted(followerId, followerName);
    }

    /** The publication of a follower's tables that send no updates and deletes. */
    public static String followInserts(String followerId, String followerName) {
        return "pgchorus_inserts_%s_%s".formatted(followerId, followerName);
    }

    /** The name a link's connections carry, as {@code synchronous_standby_names} wants it. */
    public static String applicationName(String toName) {
        return "pgchorus_" + toName;
    }

    /**
     * The node whose writes an origin of this group stands for: empty if the origin is not of this
     * group, 0 if the writer is not known from it (copied rows, own mends).
     */
    public static Optional<Integer> writerOf(String originName, String groupId) {
        Matcher matcher = ORIGIN.matcher(originName);
        if (!matcher.matches() || !matcher.group(1).equals(groupId)) {
            return Optional.empty();
        }
        return Optional.of(matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2)));
    }

    /** First key of our advisory locks: "pgch" in ASCII. */
    public static final int LOCK_CLASS = 0x70676368;

    /** Held by the daemon that serves this database; a second one waits for it. */
    public static final int LOCK_DAEMON = 1;

    /** Held while the group's membership is being changed. */
    public static final int LOCK_MEMBERSHIP = 2;

    /** Held while the triggers that keep images of rows are being arranged. */
    public static final int LOCK_IMAGES = 3;

    /** Held while the triggers that refuse clients' writes are being arranged. */
    public static final int LOCK_READ_ONLY = 4;

    /** Held for the moment in which a snowflake is given out; {@code surface.sql} names it. */
    public static final int LOCK_SNOWFLAKE = 5;
}
